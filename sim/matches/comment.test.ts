import { expect, test } from "vitest";
import { testMatch, testSkb } from "../extension/test-host.ts";
import { comment } from "./comment.ts";

test("a comment holds of every packet", () => {
	expect(testMatch(comment, "--comment never")(testSkb())).toBe(true);
});
