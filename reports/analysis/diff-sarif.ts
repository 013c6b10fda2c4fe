/** What an edit changes as SARIF 2.1.0, beside the findings of the linter. */
import { createHash } from "node:crypto";
import type { Log, ReportingDescriptor, Result } from "sarif";
import type {
	Change,
	DiffDocument,
} from "../../scenarios/analysis/diff/diff-document.ts";
import { artifact, FINGERPRINT, SARIF_SCHEMA } from "../lint/sarif.ts";

/** What each kind of change is. */
const KINDS: Readonly<Record<Change["kind"], string>> = {
	split: "New connections of a service get something else",
	packets: "Packets get something else",
	later: "Later packets of connections get something else",
	connections: "Connections that stand do not go on as they were",
	finding: "A finding of the linter is new or gone",
};

export function diffSarif(document: DiffDocument, version: string): Log {
	const kinds = Object.keys(KINDS) as readonly Change["kind"][];
	return {
		$schema: SARIF_SCHEMA,
		version: "2.1.0",
		runs: [
			{
				tool: {
					driver: {
						name: "marktwin diff",
						version,
						semanticVersion: version,
						informationUri: "https://github.com/marktwin/marktwin",
						rules: kinds.map(descriptor),
					},
				},
				columnKind: "utf16CodeUnits",
				invocations: [
					{
						executionSuccessful: true,
						toolExecutionNotifications: document.unknown.map((text) => ({
							level: "warning",
							message: { text: `Unknown: ${text}` },
						})),
					},
				],
				results: document.changes.map((change) =>
					result(change, kinds.indexOf(change.kind), document),
				),
			},
		],
	};
}

function descriptor(kind: Change["kind"]): ReportingDescriptor {
	return {
		id: `diff/${kind}`,
		name: kind,
		shortDescription: { text: `${KINDS[kind]}.` },
		helpUri: "https://github.com/marktwin/marktwin/blob/main/docs/diff.md",
		defaultConfiguration: { level: "warning" },
	};
}

/** A change without a rule of its own stands at the first rule that was added. */
function result(
	{ kind, text, subject, at, becomes, allowed }: Change,
	ruleIndex: number,
	{ after }: DiffDocument,
): Result {
	const line = at?.line ?? after.rules[0]?.line ?? 1;
	const said = createHash("sha256").update(
		JSON.stringify([kind, subject, becomes]),
	);
	return {
		ruleId: `diff/${kind}`,
		ruleIndex,
		level: becomes.includes("gone") ? "note" : "warning",
		message: { text: `${text}.` },
		locations: [
			{
				physicalLocation: {
					artifactLocation: artifact(after.file),
					region: { startLine: Math.max(1, line) },
				},
			},
		],
		partialFingerprints: { [FINGERPRINT]: said.digest("hex").slice(0, 32) },
		suppressions:
			allowed === null
				? []
				: [{ kind: "external", status: "accepted", justification: allowed }],
	};
}
