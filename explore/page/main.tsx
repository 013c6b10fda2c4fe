/** The page of `marktwin explore`. Nothing is loaded, and nothing leaves it. */
import { type ComponentChildren, options, render, type VNode } from "preact";
import { visible } from "../../reports/wording.ts";
import { LinkError, textOfFragment } from "../engine/link.ts";
import type { Start } from "../engine/messages.ts";
import { App } from "./app.tsx";

/** Attributes that a reader sees or hears. */
const SHOWN = ["title", "aria-label", "aria-valuetext", "placeholder"];

/**
 * From now on nothing is drawn that a reader cannot see, or sees as something else. What is played stays as it is:
 * the text in the editor, names that are sent to the workers.
 */
function showVisibly(): void {
	const before = options.vnode;
	options.vnode = (vnode) => {
		if (typeof vnode.type === "string")
			showPropsVisibly(vnode as VNode<Record<string, unknown>>);
		before?.(vnode);
	};
}

function showPropsVisibly({ props }: VNode<Record<string, unknown>>): void {
	for (const name of SHOWN) {
		const value = props[name];
		if (typeof value === "string") props[name] = visible(value);
	}
	if (props.children !== undefined)
		props.children = shown(props.children) as ComponentChildren;
}

function shown(children: unknown): unknown {
	if (typeof children === "string") return visible(children);
	return Array.isArray(children) ? children.map(shown) : children;
}

const textOf = (id: string) => document.getElementById(id)?.textContent ?? "";
const root = document.getElementById("page");
if (root === null) throw new Error("The page has no place.");

const code = JSON.parse(textOf("engine")) as string;
const start = JSON.parse(textOf("start")) as Start;

async function shared(): Promise<{ text: string | null; failed: string }> {
	try {
		return { text: await textOfFragment(location.hash), failed: "" };
	} catch (error) {
		if (!(error instanceof LinkError)) throw error;
		return { text: null, failed: error.message };
	}
}

async function draw(place: HTMLElement): Promise<void> {
	const { text, failed } = await shared();
	const begin: Start =
		text === null
			? start
			: { kind: "scenario", name: "the scenario of the link", text };
	render(<App code={code} start={begin} own={start} failed={failed} />, place);
}

showVisibly();
void draw(root);

// A link that is pasted over this one.
addEventListener("hashchange", () => location.reload());
