import { expect, test } from "vitest";
import { testPorts, testSkb } from "../extension/test-host.ts";
import { XT_CONTINUE } from "../packet/skb/skb.ts";
import { log } from "./log.ts";
import { nflog } from "./nflog.ts";
import { targetAction } from "./test-target.ts";

test.each([
	[log, "--log-prefix mail", { kind: "LOG", prefix: "mail" }],
	[log, "--log-level 7", { kind: "LOG", prefix: "" }],
	[nflog, "--nflog-prefix mail", { kind: "NFLOG", prefix: "mail" }],
] as const)("$name tells, and the packet goes on", (target, text, event) => {
	const ports = testPorts();
	expect(targetAction(target, text, ports)(testSkb())).toBe(XT_CONTINUE);
	expect(ports.logged).toEqual([event]);
});
