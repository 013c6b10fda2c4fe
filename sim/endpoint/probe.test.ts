import fc from "fast-check";
import { expect, test } from "vitest";
import {
	httpPlan,
	NEW_PROBE,
	type ProbeEvent,
	type ProbeOutput,
	type ProbePlan,
	probeTurns,
	takeProbe,
} from "./probe.ts";

function smtp(ehlo: string | null = null, starttls = false): ProbePlan {
	return { kind: "smtp", turns: probeTurns(ehlo, starttls), goodbyeMs: 1_000 };
}

/** `send QUIT`, `timer 1000`, `good: 220 b1`, `bad: closed` … */
function written(outputs: readonly ProbeOutput[]): string {
	return outputs
		.map((output) => {
			switch (output.kind) {
				case "send":
					return `send ${output.text.split("\r\n")[0]}`;
				case "timer":
					return `timer ${output.afterMs}`;
				case "result":
					return `${output.result.ok ? "good" : "bad"}: ${output.result.reason}`;
				default:
					return output.kind;
			}
		})
		.join(", ");
}

/** `220 b1` and the like are lines that arrive; `ended reset`: how; other words alone are events. */
function eventOf(text: string): ProbeEvent {
	const [kind, word] = text.split(" ");
	if (kind === "ended") return { kind, how: word ?? "" };
	if (kind === "encrypted") return { kind, protocol: word ?? "" };
	if (/^(\d|SSH)/.test(text)) return { kind: "data", text: `${text}\r\n` };
	if (text.startsWith("HTTP")) return { kind: "data", text };
	return { kind } as ProbeEvent;
}

const WEB = httpPlan(
	{ status: [200, "204-206"], contains: "ready" },
	{ address: "192.168.0.1", port: 8_080 },
);

type Rows = readonly (readonly [event: string, outputs: string])[];

test.each<readonly [says: string, plan: ProbePlan, rows: Rows]>([
	[
		"a banner is a good sign, and the server closes after the QUIT",
		smtp(),
		[
			["connected", ""],
			["220 b1 ESMTP", "send QUIT, timer 1000, good: 220 b1 ESMTP"],
			["221 Bye", ""],
			["peer-closed", "close"],
			["ended closed", ""],
		],
	],
	[
		"a server that does not close after the QUIT is left",
		smtp(),
		[
			["220 b1", "send QUIT, timer 1000, good: 220 b1"],
			["timer", "abandon"],
		],
	],
	[
		"a banner of several lines is waited for to its end",
		smtp(),
		[
			["220-wait", ""],
			["220 b1", "send QUIT, timer 1000, good: 220 b1"],
		],
	],
	[
		"another code is none",
		smtp(),
		[["421 too many", "abandon, bad: 421 too many"]],
	],
	[
		"another protocol is none",
		smtp(),
		[["SSH-2.0", "abandon, bad: not an SMTP reply"]],
	],
	[
		"a greeting is answered",
		smtp("me.example"),
		[
			["220 b1", "send EHLO me.example"],
			["250-b1", ""],
			["250 SIZE", "send QUIT, timer 1000, good: 220 b1"],
		],
	],
	[
		"TLS begins after the reply to STARTTLS, and QUIT is said in it",
		smtp("me.example", true),
		[
			["220 b1", "send EHLO me.example"],
			["250 STARTTLS", "send STARTTLS"],
			["220 go", "encrypt"],
			["encrypted TLSv1.3", "send QUIT, timer 1000, good: 220 b1 (TLSv1.3)"],
		],
	],
	[
		"what was said before TLS does not count in it",
		smtp("me.example", true),
		[
			["220 b1", "send EHLO me.example"],
			["250 STARTTLS", "send STARTTLS"],
			["220 go\r\n220 injected", "encrypt, abandon, bad: 220 injected"],
		],
	],
	[
		"a server that hangs up is none",
		smtp(),
		[["peer-closed", "close, bad: closed"]],
	],
	[
		"how a connection ends is the reason",
		smtp(),
		[["ended refused", "bad: refused"]],
	],
	[
		"a connection is enough for tcp",
		{ kind: "tcp" },
		[
			["connected", "abandon, good: connected"],
			["220 b1", ""],
		],
	],
	[
		"a tcp probe may be refused",
		{ kind: "tcp" },
		[["ended refused", "bad: refused"]],
	],
	[
		"a request is answered, and the server closes",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready", "good: 200 OK"],
			["peer-closed", "close"],
			["ended closed", ""],
		],
	],
	[
		"an answer comes in pieces, and may end with the connection",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			["HTTP/1.0 200 OK\r\n\r\nrea", ""],
			["HTTP is ready", ""],
			["peer-closed", "close, good: 200 OK"],
		],
	],
	[
		"an interim answer is none",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			[
				"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n",
				"bad: 503 Service Unavailable",
			],
		],
	],
	[
		"a body that is not the one awaited is none",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			[
				"HTTP/1.1 204 No Content\r\n\r\n",
				'bad: 204 No Content: the body does not contain "ready"',
			],
		],
	],
	[
		"a server that closes within its answer is none",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nrea", ""],
			["peer-closed", "close, bad: closed"],
		],
	],
	[
		"a mail server is no web server",
		WEB,
		[
			["connected", "send GET / HTTP/1.1"],
			["220 b1 ESMTP", "abandon, bad: not an HTTP answer"],
		],
	],
	[
		"a probe that is abandoned has no verdict",
		smtp(),
		[
			["connected", ""],
			["abandon", "abandon"],
			["220 b1", ""],
			["ended closed", ""],
		],
	],
])("%s", (_, plan, rows) => {
	let state = NEW_PROBE;
	const told = rows.map(([event]) => {
		const step = takeProbe(plan, state, eventOf(event));
		state = step.state;
		return [event, written(step.outputs)];
	});
	expect(told).toEqual(rows);
});

test("text without an end is not listened to for ever", () => {
	const text = "220-".repeat(1_000);
	let state = NEW_PROBE;
	let seen = "";
	for (let piece = 0; piece < 20; piece++) {
		const step = takeProbe(smtp(), state, { kind: "data", text });
		state = step.state;
		seen += written(step.outputs);
	}
	expect(seen).toBe("abandon, bad: not an SMTP reply");
});

test("there is one verdict at most, however the text is cut and whatever else happens", () => {
	const texts = [
		"HTTP/1.1 200 OK\r\n\r\n",
		"220 b1\r\n",
		"250 ok\r\n",
		"421 no\r\n",
		"22",
		"0 b1\r\n",
	];
	const event = fc.oneof(
		fc.constantFrom(...texts).map((text) => ({ kind: "data" as const, text })),
		fc
			.constantFrom(
				"connected",
				"peer-closed",
				"ended x",
				"timer",
				"encrypted T",
			)
			.map(eventOf),
	);
	const plan = fc.constantFrom<ProbePlan>(
		smtp(),
		smtp("me"),
		smtp("me", true),
		{ kind: "tcp" },
		WEB,
	);
	fc.assert(
		fc.property(plan, fc.array(event), (one, events) => {
			let state = Object.freeze({ ...NEW_PROBE });
			let verdicts = 0;
			for (const happens of events) {
				const step = takeProbe(one, state, happens);
				state = Object.freeze(step.state);
				verdicts += step.outputs.filter(({ kind }) => kind === "result").length;
				expect(verdicts).toBe(state.isOver ? 1 : 0);
			}
		}),
	);
});
