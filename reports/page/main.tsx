/** The page of a report. Everything that it shows stands in the page itself; nothing is loaded. */
import { render } from "preact";
import { App } from "./app.tsx";
import { loadHead, unpackFault } from "./parts/load.ts";

const root = document.getElementById("page");
if (root === null) throw new Error("The page has no place for the report.");

loadHead().then(
	(report) => render(<App report={report} />, root),
	(error: unknown) => {
		root.textContent = unpackFault(error);
	},
);
