import { expect, it } from "vitest";
import type { Operation } from "../../sim/contract/gateway.ts";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { Dialogue } from "../../sim/endpoint/dialogue.ts";
import { describeOperation } from "../../sim/world/account/describe-operation.ts";
import type { Step } from "../../sim/world/setup/setup.ts";
import { connect, echo, http, silent } from "../language/build/build.ts";
import { describeStep } from "./describe-step.ts";

it.each<[Operation, string]>([
	[
		{
			kind: "restore",
			file: "a.rules",
			text: "",
			noflush: true,
			counters: true,
		},
		"iptables-restore --noflush --counters < a.rules",
	],
	[{ kind: "iptables", command: "-t nat -F" }, "iptables -t nat -F"],
	[{ kind: "condition", name: "up", write: "1junk" }, "up ← 1junk"],
	[{ kind: "condition", name: "up", write: "" }, 'up ← ""'],
	[
		{ kind: "evict", filter: { protocol: "tcp", replySource: "192.168.0.1" } },
		"conntrack -D -p tcp --reply-src 192.168.0.1",
	],
	[{ kind: "evict", filter: {} }, "conntrack -D"],
	[
		{ kind: "sysctl", name: "ipv4.ip_forward", value: 0 },
		"sysctl net.ipv4.ip_forward=0",
	],
	[{ kind: "link", interface: "bond0.205", up: false }, "bond0.205 down"],
	[{ kind: "take-over" }, "a second router takes over"],
])("%j is %s", (operation, text) => {
	expect(describeOperation(operation)).toBe(text);
});

it.each<[BackendBehaviour, string]>([
	[{ kind: "vanish" }, "b1: vanish"],
	[{ kind: "slow", delayMs: 500 }, "b1: slow by 500 ms"],
	[{ kind: "lossy", loss: 0.07 }, "b1: lossy, 7 %"],
])("%j is %s", (becomes, text) => {
	expect(
		describeStep({
			kind: "backend",
			backend: "b1",
			becomes,
			atMs: 0,
			label: "",
		}),
	).toBe(text);
});

it.each<[Dialogue | undefined, string]>([
	[undefined, "c1 connects to web 3 times"],
	[http({ requests: 5 }), "c1 connects to web 3 times: 5 requests each"],
	[http(), "c1 connects to web 3 times: 1 request each"],
	[echo(), "c1 connects to web 3 times: 1 message each, echoed"],
	[silent(), "c1 connects to web 3 times: without a word"],
])("%j is %s", (dialogue, text) => {
	const options = dialogue === undefined ? {} : { dialogue };
	expect(describeStep(connect(3, { service: "web", ...options }) as Step)).toBe(
		text,
	);
});
