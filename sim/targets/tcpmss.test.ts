import { describe, expect, test } from "vitest";
import { testPorts, testSkb } from "../extension/test-host.ts";
import { SYN } from "../packet/packet.ts";
import { NO_TCP_OPTIONS } from "../packet/packet-length.ts";
import { NF_DROP, XT_CONTINUE } from "../packet/skb/skb.ts";
import { tcpmss } from "./tcpmss.ts";
import { targetAction, targetCheck } from "./test-target.ts";

const withMss = (mss: number | null) =>
	testSkb({ tcpFlags: SYN, tcpOptions: { ...NO_TCP_OPTIONS, mss } });

test("a segment size is lowered", () => {
	const ports = testPorts();
	const skb = withMss(1460);
	expect(targetAction(tcpmss, "--set-mss 1400", ports)(skb)).toBe(XT_CONTINUE);
	expect(skb.tcpOptions.mss).toBe(1400);
	expect(skb.length).toBe(40);
	expect(ports.writes.count).toBe(1);
});

test("and never raised, not even by --set-mss", () => {
	const ports = testPorts();
	const skb = withMss(1200);
	targetAction(tcpmss, "--set-mss 1400", ports)(skb);
	expect(skb.tcpOptions.mss).toBe(1200);
	expect(ports.writes.count).toBe(0);
});

describe("a SYN that says nothing of it", () => {
	test.each([
		[1400, 536],
		[500, 500],
	])("told to say %i, says %i, and is four octets longer", (told, says) => {
		const skb = withMss(null);
		targetAction(tcpmss, `--set-mss ${told}`)(skb);
		expect(skb.tcpOptions.mss).toBe(says);
		expect(skb.length).toBe(44);
	});

	test("and carries payload, is left alone", () => {
		const skb = withMss(null);
		skb.payload = "EHLO";
		targetAction(tcpmss, "--set-mss 500")(skb);
		expect(skb.tcpOptions.mss).toBeNull();
	});

	test("and has no room in its header, is left alone", () => {
		const skb = withMss(null);
		skb.tcpOptions = {
			...NO_TCP_OPTIONS,
			sack: [
				[1, 2],
				[3, 4],
				[5, 6],
				[7, 8],
			],
			windowScale: 7,
		};
		targetAction(tcpmss, "--set-mss 500")(skb);
		expect(skb.tcpOptions.mss).toBeNull();
	});
});

test("clamped, it is what the path leaves room for", () => {
	const skb = withMss(1460);
	const ports = testPorts({ pathMtu: () => 1400 });
	targetAction(tcpmss, "--clamp-mss-to-pmtu", ports)(skb);
	expect(skb.tcpOptions.mss).toBe(1360);
});

test("a path that leaves no room at all drops the packet", () => {
	const ports = testPorts({ pathMtu: () => 40 });
	const action = targetAction(tcpmss, "--clamp-mss-to-pmtu", ports);
	expect(action(withMss(1460))).toBe(NF_DROP);
});

describe("the kernel takes it", () => {
	const tcpMatch = (set: number, inverted = false) => ({
		matches: [{ name: "tcp", options: { flags: { mask: 6, set, inverted } } }],
	});

	test("with SYN packets only", () => {
		const check = (place: object) =>
			targetCheck(tcpmss, "--set-mss 1400", place);
		expect(check(tcpMatch(SYN))).toBeNull();
		for (const place of [{}, tcpMatch(4), tcpMatch(SYN, true)])
			expect(check(place)).toBe("xt_TCPMSS: Only works on TCP SYN packets");
	});

	test("to clamp, where the way out is known", () => {
		const check = (hooks: readonly ("FORWARD" | "INPUT")[]) =>
			targetCheck(tcpmss, "--clamp-mss-to-pmtu", { ...tcpMatch(SYN), hooks });
		expect(check(["FORWARD"])).toBeNull();
		expect(check(["FORWARD", "INPUT"])).toContain("only supported in FORWARD");
	});
});
