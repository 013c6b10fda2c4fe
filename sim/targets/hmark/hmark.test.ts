import { describe, expect, test } from "vitest";
import {
	ip,
	testEntry,
	testPorts,
	testSkb,
} from "../../extension/test-host.ts";
import { icmpError, other, udp } from "../../packet/build.ts";
import { UDP } from "../../packet/packet.ts";
import { XT_CONTINUE } from "../../packet/skb/skb.ts";
import { skbOf } from "../../packet/skb/skb-packet.ts";
import { targetAction, targetCheck } from "../test-target.ts";
import { hmark } from "./hmark.ts";

const query = udp({
	source: "127.0.0.10",
	sourcePort: 40001,
	destination: "127.0.0.1",
	destinationPort: 25,
});
const ALL = "--hmark-tuple src,dst,sport,dport,proto";
const WHOLE = "--hmark-mod 4294967295";

function markOf(text: string, skb = skbOf(query)): number {
	expect(targetAction(hmark, text)(skb)).toBe(XT_CONTINUE);
	return skb.mark >>> 0;
}

describe("marks that a kernel gave to the same packets", () => {
	test("both directions of a connection get the same", () => {
		const text = `${ALL} --hmark-rnd 0xcafe ${WHOLE}`;
		const there = { ...query, sourcePort: 40000 };
		const back = {
			...query,
			source: query.destination,
			sourcePort: 25,
			destination: query.source,
			destinationPort: 40000,
		};
		expect(markOf(text, skbOf(there))).toBe(0x4cb0db7);
		expect(markOf(text, skbOf(back))).toBe(0x4cb0db7);
	});

	test.each([
		[`${ALL} --hmark-rnd 0xcafe --hmark-mod 1000 --hmark-offset 5`, 0x19e],
		[`--hmark-src-prefix 24 --hmark-rnd 0xffffffff ${WHOLE}`, 0xcb66f8c1],
		[
			`--hmark-src-prefix 32 --hmark-sport-mask 0xff00 --hmark-dport 77 --hmark-proto-mask 0xffff --hmark-rnd 1 ${WHOLE}`,
			0x89a1fe12,
		],
		[
			`--hmark-tuple spi --hmark-spi 0x12340000 --hmark-rnd 7 ${WHOLE}`,
			0x104b598f,
		],
	])("%s", (text, mark) => {
		expect(markOf(text)).toBe(mark);
	});
});

test("an ICMP error goes with the connection that it is about", () => {
	const text = `${ALL} --hmark-rnd 1 ${WHOLE}`;
	const error = icmpError(query, { type: 3, code: 3, from: "127.0.0.1" });
	expect(markOf(text, skbOf(error))).toBe(markOf(text));
});

test("ESP counts its SPI, in the place of both ports", () => {
	const esp = (payload: string) =>
		skbOf(
			other({
				source: query.source,
				destination: query.destination,
				protocol: 50,
				payload,
			}),
		);
	const text = `--hmark-tuple src,dst,spi --hmark-rnd 1 ${WHOLE}`;
	const ports = String.fromCharCode(40001 >> 8, 40001 & 0xff, 0, 25);
	expect(markOf(text, esp(`${ports}rest`))).toBe(markOf(text));
	expect(markOf(text, esp("\0\0\0\x01"))).not.toBe(markOf(text));
});

describe("--hmark-tuple ct", () => {
	const text = `--hmark-tuple ct,src,dst,sport,dport,proto --hmark-rnd 1 ${WHOLE}`;

	test("hashes client and backend, whichever packet of the connection it is", () => {
		const entry = testEntry({
			protocol: UDP,
			original: { source: query.source, sourcePort: 40001 },
			reply: { source: query.destination, sourcePort: 25 },
		});
		const skb = testSkb({ entry: 0, source: ip("10.9.9.9") });
		targetAction(hmark, text, testPorts({ entries: [entry] }))(skb);
		expect(skb.mark >>> 0).toBe(markOf(`${ALL} --hmark-rnd 1 ${WHOLE}`));
	});

	test("leaves a packet without a connection as it is", () => {
		expect(markOf(text, testSkb({ mark: 7 }))).toBe(7);
	});
});

test("the kernel takes an SPI or ports to set, not both", () => {
	const rest = `--hmark-rnd 1 ${WHOLE}`;
	expect(targetCheck(hmark, `--hmark-spi 4 ${rest}`)).toBeNull();
	expect(targetCheck(hmark, `--hmark-spi 4 --hmark-sport 5 ${rest}`)).toBe(
		"xt_HMARK: spi-set and port-set can't be combined",
	);
});
