import { expect, test } from "vitest";
import { testMatch, testSkb } from "../../extension/test-host.ts";
import { u32 } from "./u32.ts";

/** 10.0.0.10:40000 > 10.0.0.1:25, ACK, "220 " behind a header of 20 octets. */
const packet = () =>
	testSkb({
		payload: "220 mail1\r\n",
		length: 51,
		ttl: 64,
		tos: 0x10,
		id: 0x1234,
	});

test.each([
	["0>>28=4", true],
	["0>>16&0xff=0x10", true],
	["0&0xffff=51", true],
	["2&0xffff=0x1234", true],
	["6&0xff=6", true],
	["6&0xff=17", false],
	["6&0xff=1,6,17", true],
	["6&0xff=5:7", true],
	["8>>24=64", true],
	["12=0x0a00000a", true],
	["12=0x0a00000a&&16=0x0a000001", true],
	["12=0x0a00000a&&16=0x0a000002", false],
	["20>>16=40000", true],
	["20<<16=0x190000", true],
	// Behind the IP header, whose length the first octet tells; then behind the TCP header.
	["0>>22&0x3C@0>>16=40000", true],
	["0>>22&0x3C@12>>26&0x3C@0=0x32323020", true],
	["0>>22&0x3C@12>>26&0x3C@0=0x35353020", false],
	// Its last word ends where the packet does; one octet further there is none.
	["47=0x6c310d0a", true],
	["48=0:0xffffffff", false],
	["0>>22&0x3C@28=0:0xffffffff", false],
	["12@0=0:0xffffffff", false],
])("%s: %s", (expression, expected) => {
	expect(testMatch(u32, `--u32 ${expression}`)(packet())).toBe(expected);
	expect(testMatch(u32, `! --u32 ${expression}`)(packet())).toBe(!expected);
});
