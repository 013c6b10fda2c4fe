/** What the extensions of xtables-addons 3.23 do. */
import {
	at,
	connect,
	counter,
	INSIDE,
	iptables,
	OUTSIDE,
	observe,
	outcomes,
	packet,
	packetsOut,
	recipeSetup,
	restore,
	scenario,
	smtp,
} from "../../language/build/build.ts";
import { byHand, client, syn } from "./by-hand.ts";

const suite = "addons";

const QUOTAS = `*filter
-A FORWARD -m quota2 --name day --packets --quota 3
-A FORWARD -m quota2 --name seen --grow --quota 0
-A FORWARD -m quota2 --quota 100
-A FORWARD -m quota2 --name day --packets --no-change ! --quota 0
-A FORWARD -m ipv4options --flags lsrr,ssrr --any -j DROP
-A FORWARD -m ipv4options --flags !lsrr,!ssrr
COMMIT
`;
const datagram = packet(OUTSIDE, "udp 10.0.0.10:40000 > 192.168.0.1:53 len 40");

const COUNTRIES = `*filter
-A FORWARD -m geoip --source-country DE,FR -j ACCEPT
-A FORWARD -m geoip ! --destination-country US
-A FORWARD -m geoip --source-country US -j REJECT
-A FORWARD -j DROP
COMMIT
`;
const from = (address: string) =>
	packet(OUTSIDE, `udp ${address}:40000 > 192.168.0.1:53 len 4`);

const MADE_OF_ADDRESSES = `*mangle
-A PREROUTING -j IPMARK --addr src --and-mask 0xff
-A PREROUTING -m mark --mark 10
-A PREROUTING -p udp -j IPMARK --addr dst --shift 8 --and-mask 0xf0 --or-mask 5
-A PREROUTING -m mark --mark 0x5
-A PREROUTING -p icmp -j IPMARK --addr src --shift 32
-A PREROUTING -m mark --mark 0xa00000a
-A PREROUTING -j LOGMARK --log-prefix "seen: "
COMMIT
*filter
-A INPUT -p tcp --dport 22 -j DELUDE
-A FORWARD -p tcp -j DELUDE
COMMIT
`;

const HELD = `*nat
-A PREROUTING -d 10.0.0.1/32 -p tcp -m tcp --dport 25 -j DNAT --to-destination 192.168.0.1
COMMIT
*filter
-A INPUT -p tcp -m tcp --dport 22 -j TARPIT
-A INPUT -p tcp -m tcp --dport 23 -j TARPIT --reset
-A FORWARD -p tcp -m tcp --dport 25 -j TARPIT
COMMIT
`;
const toRouter = (port: number, segment: string) =>
	packet(OUTSIDE, `tcp 10.0.0.10:40000 > 10.0.0.1:${port} ${segment}`);

export const addonFacts = [
	scenario({
		name: "addons-quota-that-is-kept",
		suite,
		title:
			"A quota goes on through a change of the table, and a reload fills it",
		story:
			"Two datagrams of 68 octets: one fits into the quota of 100 octets, and the second uses up the rest. iptables-save prints what is left, so a rule that is appended does not fill it; the text that was loaded first does. The counter with a name keeps what it has either way.",
		trap: "`iptables -A` reads what is left and loads it; `iptables-restore` loads what the text says. A counter with a name heeds neither.",
		setup: byHand({ ruleset: { name: "quotas.rules", text: QUOTAS } }),
		steps: [
			datagram,
			datagram,
			observe("used up"),
			iptables("-A FORWARD -p icmp"),
			datagram,
			observe("appended"),
			restore({ name: "quotas.rules", text: QUOTAS }),
			datagram,
			observe("loaded"),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 2, { at: "used up" }),
			counter("filter:FORWARD:rule:2", 2, { at: "used up" }),
			counter("filter:FORWARD:rule:4", 0, { at: "used up" }),
			counter("filter:FORWARD:rule:3", 1, { at: "used up" }),
			counter("filter:FORWARD:rule:6", 2, { at: "used up" }),
			counter("filter:FORWARD:rule:3", 1, {
				at: "appended",
				because: "iptables loads what was left: nothing",
			}),
			counter("filter:FORWARD:rule:1", 0, {
				at: "loaded",
				because: "the counter with the name is used up",
			}),
			counter("filter:FORWARD:rule:4", 1, { at: "loaded" }),
			counter("filter:FORWARD:rule:3", 1, {
				at: "loaded",
				because: "the text says 100 again",
			}),
		],
	}),
	scenario({
		name: "addons-countries",
		suite,
		title: "A country is what its file says",
		story:
			"Clients of two countries are let through, one of a third gets an ICMP error, and all others are dropped. The first and the last address of a range belong to it, and the next one does not.",
		setup: byHand({
			ruleset: { name: "countries.rules", text: COUNTRIES },
			gateway: {
				geoip: {
					DE: ["10.0.1.0/24", "10.0.3.5-10.0.3.9"],
					FR: ["10.0.2.1"],
					US: ["10.0.4.0/23", "203.0.113.0/24"],
				},
			},
		}),
		steps: [
			from("10.0.1.0"),
			from("10.0.1.255"),
			from("10.0.2.0"),
			from("10.0.2.1"),
			from("10.0.3.4"),
			from("10.0.3.5"),
			from("10.0.3.9"),
			from("10.0.3.10"),
			from("10.0.5.255"),
			from("10.0.6.0"),
			observe("end"),
		],
		expect: [
			counter("filter:FORWARD:rule:1", 5, { at: "end" }),
			counter("filter:FORWARD:rule:2", 5, { at: "end" }),
			counter("filter:FORWARD:rule:3", 1, { at: "end" }),
			counter("filter:FORWARD:rule:4", 4, { at: "end" }),
		],
	}),
	scenario({
		name: "addons-marks-and-delusion",
		suite,
		title: "IPMARK makes marks of addresses, and DELUDE answers as a server",
		story:
			"The mark is the address, shifted, masked and joined with bits; a shift by 32 is none, as processors have it. DELUDE answers a SYN with a SYN/ACK, and all that follows with a reset, but no reset; a packet that is forwarded is answered in the server's name.",
		setup: byHand({
			ruleset: { name: "addresses.rules", text: MADE_OF_ADDRESSES },
		}),
		steps: [
			datagram,
			packet(OUTSIDE, "icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1"),
			toRouter(22, "S seq 1000 tos 0x10"),
			toRouter(22, "A seq 1001 ack 1"),
			toRouter(22, "SF seq 1000"),
			toRouter(22, "FU seq 1000 len 10"),
			toRouter(22, "PA seq 1001 ack 5 len 10"),
			toRouter(22, "RA seq 1001 ack 5"),
			toRouter(22, "S seq 1000 badsum"),
			packet(OUTSIDE, "tcp 10.0.0.10:40001 > 192.168.0.1:80 S seq 7 len 3"),
			packet(OUTSIDE, "tcp 10.0.0.10:40001 > 192.168.0.1:80 A seq 11 ack 1"),
			observe("end"),
		],
		expect: [
			counter("mangle:PREROUTING:rule:2", 11, { at: "end" }),
			counter("mangle:PREROUTING:rule:4", 1, { at: "end" }),
			counter("mangle:PREROUTING:rule:6", 1, { at: "end" }),
			counter("filter:INPUT:rule:1", 7, { at: "end" }),
			counter("filter:FORWARD:rule:1", 2, { at: "end" }),
		],
	}),
	scenario({
		name: "addons-tarpit-by-hand",
		suite,
		title: "TARPIT answers a SYN, and then holds its sender",
		story:
			"The answer to a SYN has a window of five octets, the answer to anything behind it none. Nothing is acknowledged, a FIN is not answered, and a SYN/ACK gets a RST. Rules with --reset answer everything with a RST, a RST as well. The connection is never confirmed: the next SYN begins anew.",
		setup: byHand({ ruleset: { name: "held.rules", text: HELD } }),
		steps: [
			toRouter(22, "S seq 1000 tos 0x10"),
			toRouter(22, "A seq 1001 ack 1"),
			toRouter(22, "PA seq 1001 ack 1 len 10"),
			toRouter(22, "FA seq 1011 ack 1"),
			toRouter(22, "SA seq 1000 ack 77"),
			toRouter(22, "R seq 1011"),
			toRouter(22, "U seq 1011"),
			toRouter(23, "S seq 1000"),
			toRouter(23, "R seq 1001"),
			toRouter(23, "PA seq 1001 ack 5 len 10"),
			syn(40_001),
			client(40_001, "A", 1001, "ack 1"),
			observe("end"),
		],
		expect: [
			counter("filter:INPUT:rule:1", 7, { at: "end" }),
			counter("filter:FORWARD:rule:1", 2, { at: "end" }),
			packetsOut(INSIDE, [], { exactly: true }),
		],
	}),
	scenario({
		name: "addons-tarpit-of-clients",
		suite,
		title: "Clients of a tarpit are connected, and wait",
		story:
			"What looks like a port that is open answers nothing: a client connects at once and waits for the greeting until its patience ends. No packet reaches a backend.",
		setup: recipeSetup({
			ruleset: { name: "held.rules", text: HELD },
		}),
		steps: [
			connect(2, { dialogue: smtp({ readTimeoutMs: 3000 }) }),
			at(9000, observe("end")),
		],
		expect: [outcomes("lost", 2)],
	}),
];
