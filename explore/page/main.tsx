/** The page of `marktwin explore`. Nothing is loaded, and nothing leaves it. */
import { render } from "preact";
import { LinkError, textOfFragment } from "../engine/link.ts";
import type { Start } from "../engine/messages.ts";
import { App } from "./app.tsx";
import { showVisibly } from "./show-visibly.ts";

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
