import { expect, it } from "vitest";
import { seededChoice } from "../chance/seeded.ts";
import type { TraceEvent } from "../contract/gateway.ts";
import { ModelGateway } from "../gateway/model-gateway.ts";
import { OUT, SETUP } from "../gateway/test-gateway.ts";
import { behaviourOf } from "../linux/behaviour.ts";
import { DEFAULT_LINUX, parseLinux } from "../linux/linux.ts";
import { parsePacket } from "../packet/notation/notation.ts";
import { traceLines } from "./trace-line.ts";

const RULES = `*raw
-A PREROUTING -j TRACE
-A OUTPUT -j TRACE
COMMIT
*mangle
:X - [0:0]
:Y - [0:0]
-A PREROUTING -p tcp -j X
-A PREROUTING -p tcp -m tcp --dport 26 -g Y
-A X -j MARK --set-mark 1
-A X -m mark --mark 1 -j RETURN
-A Y -p tcp
COMMIT
*filter
-A INPUT -p tcp -m tcp --dport 25 -j REJECT --reject-with tcp-reset
-A INPUT -j ACCEPT
-A OUTPUT -p tcp -m tcp --tcp-flags RST RST
COMMIT
`;

/** What `xtables-monitor --trace` of Debian 12 printed of a SYN to port 26, without link layer addresses. */
const BOOKWORM = `PACKET: 2 65977833 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN 
 TRACE: 2 65977833 raw:PREROUTING:rule:0x2:CONTINUE  -4 -t raw -A PREROUTING -j TRACE
 TRACE: 2 65977833 raw:PREROUTING:return:
 TRACE: 2 65977833 raw:PREROUTING:policy:ACCEPT 
PACKET: 2 65977833 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN 
 TRACE: 2 65977833 mangle:PREROUTING:rule:0x4:JUMP:X  -4 -t mangle -A PREROUTING -p tcp -j X
 TRACE: 2 65977833 mangle:X:rule:0x6:CONTINUE  -4 -t mangle -A X -j MARK --set-xmark 0x1/0xffffffff
 TRACE: 2 65977833 mangle:X:return:
 TRACE: 2 65977833 mangle:PREROUTING:rule:0x5:GOTO:Y  -4 -t mangle -A PREROUTING -p tcp -m tcp --dport 26 -g Y
 TRACE: 2 65977833 mangle:Y:rule:0x8:CONTINUE  -4 -t mangle -A Y -p tcp
 TRACE: 2 65977833 mangle:Y:return:
 TRACE: 2 65977833 mangle:PREROUTING:policy:ACCEPT 
PACKET: 2 65977833 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN MARK=0x1 
 TRACE: 2 65977833 filter:INPUT:rule:0x3:ACCEPT  -4 -t filter -A INPUT -j ACCEPT
PACKET: 2 e106081d OUT=in SRC=10.0.0.1 DST=10.0.0.10 LEN=40 TOS=0x0 TTL=64 ID=0 DF SPORT=26 DPORT=40001 ACK RST 
 TRACE: 2 e106081d raw:OUTPUT:rule:0x4:CONTINUE  -4 -t raw -A OUTPUT -j TRACE
 TRACE: 2 e106081d raw:OUTPUT:return:
 TRACE: 2 e106081d raw:OUTPUT:policy:ACCEPT 
PACKET: 2 e106081d OUT=in SRC=10.0.0.1 DST=10.0.0.10 LEN=40 TOS=0x0 TTL=64 ID=0 DF SPORT=26 DPORT=40001 ACK RST 
 TRACE: 2 e106081d filter:OUTPUT:rule:0x5:CONTINUE  -4 -t filter -A OUTPUT -p tcp -m tcp --tcp-flags RST RST
 TRACE: 2 e106081d filter:OUTPUT:return:
 TRACE: 2 e106081d filter:OUTPUT:policy:ACCEPT `;

/** The same of Debian 13. */
const TRIXIE = `PACKET: 2 7ef4c408 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN 
 TRACE: 2 7ef4c408 raw:PREROUTING:rule:0x2:CONTINUE  iptables -t raw -A PREROUTING -j TRACE
 TRACE: 2 7ef4c408 raw:PREROUTING:policy:ACCEPT 
PACKET: 2 7ef4c408 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN 
 TRACE: 2 7ef4c408 mangle:PREROUTING:rule:0x4:JUMP:X  iptables -t mangle -A PREROUTING -p tcp -j X
 TRACE: 2 7ef4c408 mangle:X:rule:0x6:CONTINUE  iptables -t mangle -A X -j MARK --set-xmark 0x1/0xffffffff
 TRACE: 2 7ef4c408 mangle:X:rule:0x7:0xfffffffb  iptables -t mangle -A X -m mark --mark 0x1 -j RETURN
 TRACE: 2 7ef4c408 mangle:PREROUTING:rule:0x5:GOTO:Y  iptables -t mangle -A PREROUTING -p tcp -m tcp --dport 26 -g Y
 TRACE: 2 7ef4c408 mangle:Y:rule:0x8:CONTINUE  iptables -t mangle -A Y -p tcp
 TRACE: 2 7ef4c408 mangle:PREROUTING:policy:ACCEPT 
PACKET: 2 7ef4c408 IN=in SRC=10.0.0.10 DST=10.0.0.1 LEN=40 TOS=0x0 TTL=64 ID=0 SPORT=40001 DPORT=26 SYN MARK=0x1 
 TRACE: 2 7ef4c408 filter:INPUT:rule:0x3:ACCEPT  iptables -t filter -A INPUT -j ACCEPT
PACKET: 2 e2f0e59d OUT=in SRC=10.0.0.1 DST=10.0.0.10 LEN=40 TOS=0x0 TTL=64 ID=0 DF SPORT=26 DPORT=40001 ACK RST 
 TRACE: 2 e2f0e59d raw:OUTPUT:rule:0x4:CONTINUE  iptables -t raw -A OUTPUT -j TRACE
 TRACE: 2 e2f0e59d raw:OUTPUT:policy:ACCEPT 
PACKET: 2 e2f0e59d OUT=in SRC=10.0.0.1 DST=10.0.0.10 LEN=40 TOS=0x0 TTL=64 ID=0 DF SPORT=26 DPORT=40001 ACK RST 
 TRACE: 2 e2f0e59d filter:OUTPUT:rule:0x5:CONTINUE  iptables -t filter -A OUTPUT -p tcp -m tcp --tcp-flags RST RST
 TRACE: 2 e2f0e59d filter:OUTPUT:policy:ACCEPT `;

/** Packets in their order, and no handles of rules: a machine has its own. */
function comparable(lines: readonly string[]): readonly string[] {
	const packets: string[] = [];
	return lines.map((line) =>
		line
			.replace(/rule:0x[0-9a-f]+/, "rule")
			.replace(/: 2 ([0-9a-f]{8}) /, (_, id: string) => {
				if (!packets.includes(id)) packets.push(id);
				return ` packet ${packets.indexOf(id)} `;
			}),
	);
}

function traced(name: string, packet: string): readonly string[] {
	const linux = parseLinux(name) ?? DEFAULT_LINUX;
	const events: TraceEvent[] = [];
	const gateway = new ModelGateway(
		{ ...SETUP, linux },
		{ choice: seededChoice(1), trace: (event) => void events.push(event) },
	);
	const how = { noflush: false, counters: false };
	gateway.operate({ kind: "restore", text: RULES, file: "x.rules", ...how });
	gateway.receive(OUT, parsePacket(packet));
	const lines = traceLines(events, behaviourOf(linux));
	return lines.map((line) => line.replace(`=${OUT} `, "=in "));
}

it.each([
	["bookworm/nft", BOOKWORM],
	["trixie/nft", TRIXIE],
])("spells what xtables-monitor printed on %s", (name, printed) => {
	const lines = traced(name, "tcp 10.0.0.10:40001 > 10.0.0.1:26 S");
	expect(comparable(lines)).toEqual(comparable(printed.split("\n")));
});

it("tells of a rule that rejects before the way of its answer", () => {
	const lines = traced("trixie/nft", "tcp 10.0.0.10:40000 > 10.0.0.1:25 S");
	const rules = lines.filter((line) => line.includes(":rule:"));
	expect(rules.map((line) => line.split("  ")[0]).slice(-3)).toEqual([
		" TRACE: 2 00000001 filter:INPUT:rule:0x1:DROP",
		" TRACE: 2 00000002 raw:OUTPUT:rule:0x1:CONTINUE",
		" TRACE: 2 00000002 filter:OUTPUT:rule:0x1:CONTINUE",
	]);
});
