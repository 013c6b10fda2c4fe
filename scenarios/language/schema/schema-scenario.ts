/** The schema of a whole scenario file. Its parts are in the files beside it: the gateway, the hosts around it, and steps. */
import * as v from "valibot";
import { nearest } from "../../../sim/edit-distance.ts";
import { CONNECTION_OUTCOMES } from "../../../sim/endpoint/dialogue.ts";
import { ANSWER_NAMES } from "../../../sim/world/account/answer-names.ts";
import type { Judgement } from "../../result/result.ts";
import type { PlayableScenario, Scenario } from "../scenario.ts";
import { matchesPattern } from "./match-pattern.ts";
import type { SameShape } from "./same-shape.ts";
import {
	about,
	byKind,
	confidence,
	count,
	list,
	milliseconds,
	namedText,
	object,
	oneLine,
	oneOf,
	positiveMs,
	record,
	share,
	text,
	untilMs,
	whole,
	yesNo,
} from "./schema.ts";
import {
	conntrackFilter,
	gatewaySetup,
	gatewaySource,
	operationStep,
	playableOperationStep,
} from "./schema-gateway.ts";
import { worldSteps } from "./schema-steps.ts";
import { conditionWrite, worldEntries } from "./schema-world.ts";

const connectionFilter = about(
	object({
		step: v.exactOptional(about(text, "Label of their connect or send step.")),
		fromMs: v.exactOptional(
			about(milliseconds, "Those whose first packet is sent then or later."),
		),
		toMs: v.exactOptional(
			about(milliseconds, "Those whose first packet is sent before."),
		),
		client: v.exactOptional(about(text, "Name of their client.")),
		service: v.exactOptional(about(text, "Name of their service.")),
	}),
	"The connections that it is about: those that fit, or all of them.",
);

const because = v.optional(
	about(text, "Why it is expected; reports show it."),
	"",
);
const aboutConnections = {
	because,
	of: v.optional(connectionFilter, {}),
};
const bounds = {
	atLeast: v.optional(about(count, "Least number, inclusive."), 0),
	atMost: v.optional(
		about(count, "Greatest number, inclusive."),
		Number.MAX_SAFE_INTEGER,
	),
};
const somePackets = {
	because,
	interface: text,
	fromMs: v.optional(milliseconds, 0),
	toMs: v.optional(untilMs, Number.MAX_SAFE_INTEGER),
	packets: about(
		list(text),
		"In one-line notation with * for anything, in this order.",
	),
	exactly: v.optional(about(yesNo, "No other packets between them."), false),
};
const moment = {
	because,
	at: v.optional(
		about(text, 'Label of an observe step; "" is the end of the play.'),
		"",
	),
};

/** Of a right ruleset being found right, where nothing is said. */
export const USUAL_CONFIDENCE = 0.999;

export const outcome = oneOf([
	...CONNECTION_OUTCOMES,
	"lost",
	"accepted",
	"late",
]);

/** A name of an answer, or a pattern that fits one. */
export const gatewayAnswer = v.pipe(
	text,
	v.check(
		(given) => ANSWER_NAMES.some((name) => matchesPattern(name, given)),
		({ input }) => {
			const meant = nearest(input, ANSWER_NAMES);
			const hint = meant === null ? "" : `Did you mean \`${meant}\`? `;
			return `the gateway never answers "${input}"\n${hint}Write \`rst\`, \`syn/ack\`, an ICMP error such as \`icmp host-unreachable\`, or a pattern: \`icmp *\`, \`*\`.`;
		},
	),
);
/** Of none there is no order. */
export const backendsInOrder = v.pipe(
	list(v.nullable(text)),
	v.minLength(
		1,
		"names no backend: nothing could violate it\nName a backend for each connection, or `null` where none is met.",
	),
);
export const weights = record(whole(0, 1_000_000));
export const conditionValue = v.nullable(
	v.picklist(
		[0, 1],
		(issue) =>
			`not ${issue.received}\nA condition is 0, 1, or null where there is none.`,
	),
);

/** Bits of an address. */
/** Of a program that fails. */
export const exitCode = whole(1, 255);
export const clientPrefix = whole(1, 32);

const splitBounds = v.optional(
	byKind([
		about(
			object({ kind: v.literal("exact") }),
			"As even as whole numbers allow.",
		),
		about(
			object({ kind: v.literal("confidence"), confidence }),
			"What chance allows: a right ruleset violates it with a probability of 1 - confidence at most.",
		),
		about(
			object({ kind: v.literal("tolerance"), tolerance: share }),
			"Each share may differ by this much.",
		),
	]),
	{ kind: "confidence", confidence: USUAL_CONFIDENCE },
);

const expectations = [
	about(
		object({
			kind: v.literal("order"),
			...aboutConnections,
			backends: backendsInOrder,
		}),
		"Backends in the order of the connections' first packets; null where none is reached.",
	),
	about(
		object({
			kind: v.literal("split"),
			...aboutConnections,
			weights: about(weights, "By backend; shares are in proportion."),
			within: splitBounds,
			per: v.exactOptional(
				about(
					v.literal("client"),
					"The shares are those of each client alone. Default: of all connections together.",
				),
			),
		}),
		"Shares of the backends, by weight.",
	),
	about(
		object({
			kind: v.literal("split-by-source"),
			...aboutConnections,
			weights: about(
				weights,
				"By source address, as backends see it; shares are in proportion.",
			),
			within: splitBounds,
		}),
		"Shares of the source addresses that the gateway gives to connections, by weight.",
	),
	about(
		object({
			kind: v.literal("sticky"),
			...aboutConnections,
			prefix: v.optional(
				about(
					clientPrefix,
					"Bits of a client's address that tell it from another client: 24 takes a /24 for one.",
				),
				32,
			),
			forMs: v.optional(
				about(
					v.nullable(positiveMs),
					"Where no more time than this lies between two connections of a client; null: however much does.",
				),
				null,
			),
		}),
		"Each connection of a client goes to the backend of the client's connection before it.",
	),
	about(
		object({
			kind: v.literal("connected-within"),
			...aboutConnections,
			ms: positiveMs,
		}),
		"Each connection stands so soon after its first packet; a flow of datagrams has its first answer.",
	),
	about(
		object({ kind: v.literal("avoided"), ...aboutConnections, backend: text }),
		"No new connection reaches this backend.",
	),
	about(
		object({
			kind: v.literal("failover-gap"),
			because,
			backend: text,
			atMostMs: milliseconds,
			service: v.exactOptional(
				about(text, "Name of the service whose connections count."),
			),
		}),
		"From the moment a backend fails until the first connection that would have gone to it is served elsewhere.",
	),
	about(
		object({
			kind: v.literal("abandoned"),
			...aboutConnections,
			backend: text,
			withinMs: about(
				milliseconds,
				"Milliseconds after the failure in which packets may still go to it.",
			),
		}),
		"No packet of a connection goes to a failed backend later than that.",
	),
	about(
		object({ kind: v.literal("affinity"), ...aboutConnections }),
		"All packets of each connection reach one backend.",
	),
	about(
		object({ kind: v.literal("moved"), ...aboutConnections, ...bounds }),
		"Number of connections whose packets reach more than one backend.",
	),
	about(
		object({
			kind: v.literal("outcomes"),
			...aboutConnections,
			outcome: about(
				outcome,
				"lost is every end but completed, answered, sent and open; accepted is a message that a backend took; late is connected only after its SYN was sent again.",
			),
			...bounds,
		}),
		"Number of connections that end in this way.",
	),
	about(
		object({
			kind: v.literal("gateway-answered"),
			...aboutConnections,
			answer: about(
				gatewayAnswer,
				"rst, syn/ack, an ICMP error such as icmp host-unreachable, or a pattern: icmp *, *.",
			),
			...bounds,
		}),
		"Number of connections to which the gateway itself answers.",
	),
	about(
		object({ kind: v.literal("packets-out"), ...somePackets }),
		"Packets that come out of an interface of the gateway.",
	),
	about(
		object({ kind: v.literal("packets-past"), ...somePackets }),
		"Packets that go from host to host on a link of the gateway, past it.",
	),
	about(
		object({
			kind: v.literal("packets-counted"),
			because,
			interface: v.optional(
				about(
					v.nullable(text),
					"By which interface; null: by whichever they came out.",
				),
				null,
			),
			fromMs: somePackets.fromMs,
			toMs: somePackets.toMs,
			packets: about(
				v.pipe(
					list(text),
					v.minLength(
						1,
						"names no packet: nothing could violate it\nWrite one, with * for anything.",
					),
				),
				"In one-line notation with * for anything: a packet that fits one of them counts.",
			),
			...bounds,
		}),
		"Number of packets that come out of the gateway and fit.",
	),
	about(
		object({
			kind: v.literal("conntrack"),
			...moment,
			filter: v.optional(conntrackFilter, {}),
			...bounds,
			assured: v.exactOptional(yesNo),
			unreplied: v.exactOptional(yesNo),
			timeoutS: v.exactOptional(count),
		}),
		"Number of conntrack entries that fit.",
	),
	about(
		object({
			kind: v.literal("counter"),
			...moment,
			rule: about(text, "mangle:MAILMARK:rule:2, or filter:INPUT:policy."),
			packets: count,
		}),
		"Packets counted by a rule or a policy.",
	),
	about(
		object({
			kind: v.literal("condition"),
			...moment,
			name: text,
			value: about(
				conditionValue,
				"0, 1, or null where there is no such condition.",
			),
		}),
		"Value of a condition.",
	),
	about(
		object({
			kind: v.literal("counts-agree"),
			because,
			addresses: about(
				record(text),
				"By backend, the address that the rules translate to.",
			),
		}),
		"Clients, rules and real servers count the same connections for each backend.",
	),
	about(
		object({ kind: v.literal("mail-kept"), because }),
		"Every message that a backend accepted is kept.",
	),
	about(
		object({
			kind: v.literal("operation"),
			because,
			step: about(text, "Label of the step."),
			ok: about(yesNo, "It succeeds."),
			message: v.optional(about(text, "A part of what it prints."), ""),
			exitCode: v.exactOptional(
				about(
					exitCode,
					"What iptables or iptables-restore ends with where it fails: 2 for a line that it does not understand, 1 for a command that fails, 1 or 4 for what the kernel refuses.",
				),
			),
		}),
		"How an operation of a step ends.",
	),
] as const;

export const rulesetSource = v.union(
	[object({ file: text }), namedText],
	'names no ruleset\nWrite `{ file: "my.rules" }` or `{ name, text }`.',
);

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** @param ruleset of the setup @param operationSteps what they may load */
function scenarioWith<
	const Ruleset extends v.GenericSchema,
	const Operations extends typeof operationStep | typeof playableOperationStep,
	const Gateway extends typeof gatewaySource | typeof gatewaySetup,
>(ruleset: Ruleset, gateway: Gateway, operationSteps: Operations) {
	return object({
		name: about(
			v.pipe(
				text,
				v.regex(
					NAME,
					(issue) =>
						`"${issue.input}" is no name for a scenario\nWrite it in lower case with hyphens: my-failover.`,
				),
			),
			"Its name: unique, in lower case with hyphens.",
		),
		suite: v.optional(about(text, "The suite that it belongs to."), "own"),
		title: about(oneLine, "What it shows, on one line."),
		story: v.optional(
			about(
				oneLine,
				"What happens and why it matters, in a sentence or a few.",
			),
			"",
		),
		trap: v.optional(
			about(
				v.nullable(oneLine),
				"What the ruleset itself does wrong here; the expectations state what really happens. null: nothing.",
			),
			null,
		),
		setup: about(
			object({
				...worldEntries,
				ruleset: about(
					ruleset,
					"The rules: a file beside the scenario, or a name and a text that iptables-restore takes.",
				),
				gateway,
				conditions: v.optional(
					about(
						record(conditionWrite),
						"Conditions that are written after the rules were loaded.",
					),
					{},
				),
				seed: v.optional(
					about(
						whole(0, Number.MAX_SAFE_INTEGER),
						"Everything that is left to chance follows from it.",
					),
					1,
				),
				assume: v.exactOptional(
					about(
						record(oneOf(["yes", "no", "either"])),
						"Matches that the model does not know, and whether each matches: set:NAME, match:NAME, rule:TABLE:CHAIN:rule:N.",
					),
				),
			}),
			"The gateway, its rules, and the hosts around it.",
		),
		steps: about(
			list(byKind([...worldSteps, operationSteps])),
			"What happens, in the order of its times.",
		),
		expect: about(
			list(byKind(expectations)),
			"What has to be true of the play.",
		),
		endMs: about(
			milliseconds,
			"The play ends here, or when nothing is left to happen.",
		),
	});
}

/** A scenario as it is written. */
export const scenarioSchema = scenarioWith(
	rulesetSource,
	gatewaySource,
	operationStep,
);

/** A scenario whose files have been read. */
export const playableSchema = scenarioWith(
	namedText,
	gatewaySetup,
	playableOperationStep,
);

/** What a judgement is about: an expectation of the scenario's, or one that all of them have. */
export const judgedExpectation = v.variant("kind", [
	...expectations,
	object({ kind: v.literal("steps-succeed"), because: v.literal("") }),
	object({ kind: v.literal("connections-served"), because: v.literal("") }),
	object({ kind: v.literal("rules-whole"), because: v.literal("") }),
]);

true satisfies SameShape<Scenario, v.InferOutput<typeof scenarioSchema>>;
true satisfies SameShape<
	PlayableScenario,
	v.InferOutput<typeof playableSchema>
>;
true satisfies SameShape<
	Judgement["expectation"],
	v.InferOutput<typeof judgedExpectation>
>;
