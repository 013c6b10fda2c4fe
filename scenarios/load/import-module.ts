/** Runs a scenario file in TypeScript or JavaScript, and says where in it something is wrong. */
import { relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { nearest } from "../../sim/edit-distance.ts";
import {
	ScenarioError,
	type ScenarioFault,
} from "../language/scenario-error.ts";
import { placeInStack, reasonWithPlace } from "./syntax-place.ts";

/** The name that scenario files import the builders by. */
const LIBRARY = "marktwin";

/**
 * What a file exports by default.
 * @param library what `import … from "marktwin"` gives in it
 * @throws ScenarioError when it does not run, or exports nothing by default
 */
export async function importModule(
	file: string,
	library: object,
): Promise<unknown> {
	// jiti takes a backslash for a slash on every system, and would load another file.
	if (sep === "/" && resolve(file).includes("\\"))
		throw new ScenarioError("syntax", file, [
			{
				path: "",
				message: "a module's path may have no backslash",
				remedy: "Rename the file or its folder, or write the scenario as JSON.",
			},
		]);
	// It takes as long to load as all of Node, and most scenarios come with marktwin or are JSON.
	const { createJiti } = await import("jiti");
	const jiti = createJiti(import.meta.url, {
		fsCache: false,
		moduleCache: false,
		// Else a module without a default export would be its own default.
		interopDefault: false,
		virtualModules: { [LIBRARY]: refusingUnknownNames(library) },
	});
	let module: { readonly default?: unknown };
	try {
		module = await jiti.import(resolve(file));
	} catch (error) {
		throw asScenarioError(error, file);
	}
	if (module.default === undefined)
		throw new ScenarioError("export", file, [
			{
				path: "",
				message: `it has no default export${exportsOf(module)}`,
				remedy:
					"Write `export default scenario({ … })`, or a list of scenarios, or `{ suite, scenarios }`.",
			},
		]);
	return module.default;
}

/** A builder's own faults with the line of the call in front; anything else is a fault of the file. */
function asScenarioError(error: unknown, file: string): ScenarioError {
	if (error instanceof ScenarioError) {
		const place = placeOfCall(error, file);
		return new ScenarioError(
			error.code,
			file,
			error.faults.map((fault) => ({
				...fault,
				path: [place, fault.path].filter((part) => part !== "").join(": "),
			})),
		);
	}
	const { path, message } = reasonWithPlace(error, resolve(file));
	return new ScenarioError("syntax", file, [
		{
			path,
			message,
			remedy: `The file has to run by itself; \`import … from "${LIBRARY}"\` works in it from any folder.`,
		},
	]);
}

const PROGRAM = fileURLToPath(new URL("../../", import.meta.url));

/** `line 4`, and the file before it where the call stands in one that the scenario file imports. */
function placeOfCall(error: ScenarioError, file: string): string {
	const scenario = resolve(file);
	const place = placeInStack(error.stack ?? "", scenario, PROGRAM);
	if (place === null) return "";
	const line = `line ${place.line}`;
	return place.file === scenario
		? line
		: `${relative(process.cwd(), place.file)}: ${line}`;
}

/** What the languages look for in a module by themselves. */
const LOOKED_FOR: ReadonlySet<string> = new Set([
	"__esModule",
	"then",
	"toJSON",
	"hasOwnProperty",
]);

/** An import of a name that is not there is `undefined` in a module that was made of TypeScript. */
function refusingUnknownNames(library: object): object {
	const names = Object.keys(library);
	return new Proxy(
		{ ...library, __esModule: true },
		{
			get(target, name) {
				const isKnown =
					typeof name !== "string" ||
					Object.hasOwn(target, name) ||
					LOOKED_FOR.has(name);
				if (!isKnown)
					throw new ScenarioError("syntax", "", [unknownName(name, names)]);
				return Reflect.get(target, name);
			},
		},
	);
}

function unknownName(name: string, names: readonly string[]): ScenarioFault {
	if (name === "default")
		return {
			path: "",
			message: `"${LIBRARY}" has no default export`,
			remedy: `Import by name: \`import { connect, scenario } from "${LIBRARY}"\`.`,
		};
	const meant = nearest(name, names);
	return {
		path: "",
		message: `"${LIBRARY}" exports no \`${name}\``,
		remedy:
			meant === null
				? "docs/scenarios.md lists what there is."
				: `Did you mean \`${meant}\`?`,
	};
}

function exportsOf(module: object): string {
	const names = Object.keys(module).filter((name) => name !== "default");
	return names.length === 0 ? "" : `, only ${names.join(", ")}`;
}
