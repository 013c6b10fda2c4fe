/** The page of a report. Everything that it shows stands in the page itself; nothing is loaded. */
import { render } from "preact";
import type { Report } from "../contract/report.ts";
import { visible } from "../wording.ts";
import { App } from "./app.tsx";

const data = document.getElementById("report")?.textContent ?? "";
const root = document.getElementById("page");
if (root === null) throw new Error("The page has no place for the report.");

// Here, once and for all: whatever is shown has been through `visible`.
const report = JSON.parse(data, (_, value: unknown) =>
	typeof value === "string" ? visible(value) : value,
) as Report;

render(<App report={report} />, root);
