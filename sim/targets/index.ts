/** Every target that the model knows, by the name that stands behind `-j`. */
import type { TargetExtension } from "../extension/extension.ts";
import { mark } from "./mark.ts";

export const targets: ReadonlyMap<string, TargetExtension> = new Map(
	[mark].map((extension) => [extension.name, extension]),
);
