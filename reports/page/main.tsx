/** The page of a report. Everything that it shows stands in the page itself; nothing is loaded. */
import { render } from "preact";
import { App } from "./app.tsx";
import { loadHead } from "./parts/load.ts";

const root = document.getElementById("page");
if (root === null) throw new Error("The page has no place for the report.");

loadHead().then(
	(report) => render(<App report={report} />, root),
	(error: unknown) => {
		root.textContent =
			typeof DecompressionStream === "undefined"
				? "This browser cannot unpack the report: open it in one of 2023 or later."
				: `The report cannot be unpacked (${String(error)}): is the file whole?`;
	},
);
