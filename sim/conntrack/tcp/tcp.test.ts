import { describe, expect, it } from "vitest";
import { TestHooks } from "../test-hooks.ts";

const CLIENT = "10.0.0.10:40000";
const SERVER = "192.168.0.1:25";
const out = (rest: string) => `tcp ${CLIENT} > ${SERVER} ${rest}`;
const back = (rest: string) => `tcp ${SERVER} > ${CLIENT} ${rest}`;

function handshake(hooks: TestHooks): void {
	hooks.forward(out("S seq 1000"));
	hooks.forward(back("SA seq 5000 ack 1001"));
	hooks.forward(out("A seq 1001 ack 5001"));
}

/** State and timeout of the only entry, with its marks: `ESTABLISHED 432000 [ASSURED]`. */
function state(hooks: TestHooks): string {
	const [line] = hooks.conntrack.lines();
	if (line === undefined) return "none";
	return [
		line.state,
		line.timeoutS,
		...(line.unreplied ? ["[UNREPLIED]"] : []),
		...(line.assured ? ["[ASSURED]"] : []),
	].join(" ");
}

describe("opening", () => {
	it("SYN → SYN_SENT, timeout 120", () => {
		const hooks = new TestHooks();
		expect(hooks.forward(out("S seq 1000"))).toBe(`NEW ${out("S seq 1000")}`);
		expect(hooks.entry()).toBe(
			"ipv4     2 tcp      6 120 SYN_SENT src=10.0.0.10 dst=192.168.0.1 sport=40000 dport=25 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 sport=25 dport=40000 mark=0 zone=0 use=2",
		);
	});

	it("SYN, SYN/ACK, ACK → ESTABLISHED [ASSURED], 432000", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000"));
		expect(hooks.forward(back("SA seq 5000 ack 1001"))).toMatch(/^ESTABLISHED/);
		expect(state(hooks)).toBe("SYN_RECV 60");
		hooks.forward(out("A seq 1001 ack 5001"));
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
	});

	it("a SYN again does not prolong the entry", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000"));
		hooks.wait(100);
		expect(hooks.forward(out("S seq 1000"))).toMatch(/^NEW/);
		expect(state(hooks)).toBe("SYN_SENT 20 [UNREPLIED]");
		hooks.wait(20);
		expect(state(hooks)).toBe("none");
		hooks.forward(out("S seq 1000"));
		expect(state(hooks)).toBe("SYN_SENT 120 [UNREPLIED]");
	});

	it("both sides call at once: SYN_SENT2, SYN_RECV, ESTABLISHED", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000"));
		hooks.forward(back("S seq 5000"));
		expect(state(hooks)).toBe("SYN_SENT2 120");
		hooks.forward(out("SA seq 1000 ack 5001"));
		expect(state(hooks)).toBe("SYN_RECV 60");
		hooks.forward(back("A seq 5001 ack 1001"));
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
	});

	it("SYN|FIN or no flags at all: INVALID", () => {
		const hooks = new TestHooks();
		expect(hooks.forward(out("SF seq 1000"))).toMatch(/^INVALID/);
		expect(hooks.forward(out("none seq 1000"))).toMatch(/^INVALID/);
		expect(hooks.table()).toEqual([]);
	});

	it.each(["SA", "FA", "R", "RA"])("%s opens nothing", (flags) => {
		const hooks = new TestHooks({ tcp_loose: 0 });
		expect(hooks.forward(out(`${flags} seq 1000 ack 1`))).toMatch(/^INVALID/);
		expect(hooks.conntrack.count).toBe(0);
	});
});

describe("mid-stream pick-up", () => {
	it("the next data packet of an evicted connection is picked up as NEW, with a timeout of 300 and [UNREPLIED]", () => {
		const hooks = new TestHooks();
		hooks.rules.onTracked = (skb) => {
			if (skb.entry >= 0) hooks.conntrack.view.setMark(skb.entry, 1);
		};
		handshake(hooks);
		expect(hooks.conntrack.evict({ mark: 2 })).toBe(0);
		expect(hooks.conntrack.evict({ mark: 1 })).toBe(1);
		expect(hooks.forward(out("PA seq 1001 ack 5001 len 10"))).toMatch(/^NEW/);
		expect(state(hooks)).toBe("ESTABLISHED 300 [UNREPLIED]");
	});

	it("with nf_conntrack_tcp_loose=0 the same packet is INVALID", () => {
		const hooks = new TestHooks({ tcp_loose: 0 });
		handshake(hooks);
		hooks.conntrack.evict({});
		expect(hooks.forward(out("PA seq 1001 ack 5001 len 10"))).toMatch(
			/^INVALID/,
		);
		expect(hooks.table()).toEqual([]);
	});

	it("what is picked up is not held to a window, since its scale is unknown", () => {
		const hooks = new TestHooks();
		hooks.forward(out("A seq 1001 ack 5001 win 10"));
		expect(hooks.forward(back("A seq 5001 ack 1001 len 1400"))).toMatch(
			/^ESTABLISHED/,
		);
		expect(hooks.forward(out("A seq 900001 ack 6401"))).toMatch(/^ESTABLISHED/);
	});
});

describe("resets", () => {
	it("RST|ACK on SYN_SENT: the entry is gone at once (it was never seen ASSURED); the next SYN with the same ports is a new connection", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000"));
		expect(hooks.forward(back("RA ack 1001"))).toBe(
			`ESTABLISHED ${back("RA ack 1001")}`,
		);
		expect(hooks.table()).toEqual([]);
		expect(hooks.conntrack.count).toBe(0);
		expect(hooks.forward(out("S seq 9000"))).toMatch(/^NEW/);
	});

	it("of an established connection: CLOSE, ten seconds", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(back("R seq 5001"));
		expect(state(hooks)).toBe("CLOSE 10 [ASSURED]");
	});

	it("older than what was acknowledged: INVALID, unless nf_conntrack_tcp_ignore_invalid_rst", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		expect(hooks.forward(back("R seq 4000"))).toMatch(/^INVALID/);
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
		hooks.set("netfilter.nf_conntrack_tcp_ignore_invalid_rst", 1);
		expect(hooks.forward(back("R seq 4000"))).toMatch(/^ESTABLISHED/);
	});

	it("in the window but not exact: it passes and closes nothing, for the receiver will challenge it", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		expect(hooks.forward(back("R seq 5100"))).toMatch(/^ESTABLISHED/);
		// The timeout is that of any reset; the state stays.
		expect(state(hooks)).toBe("ESTABLISHED 10 [ASSURED]");
	});
});

describe("closing", () => {
	it("FIN both ways → TIME_WAIT 120", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(out("FA seq 1001 ack 5001"));
		expect(state(hooks)).toBe("FIN_WAIT 120 [ASSURED]");
		hooks.forward(back("A seq 5001 ack 1002"));
		expect(state(hooks)).toBe("CLOSE_WAIT 60 [ASSURED]");
		hooks.forward(back("FA seq 5001 ack 1002"));
		expect(state(hooks)).toBe("LAST_ACK 30 [ASSURED]");
		hooks.forward(out("A seq 1002 ack 5002"));
		expect(state(hooks)).toBe("TIME_WAIT 120 [ASSURED]");
	});

	it("A new SYN with the same ports in TIME_WAIT: the old entry goes", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.rules.onTracked = (skb) => hooks.conntrack.view.setMark(skb.entry, 7);
		hooks.forward(out("FA seq 1001 ack 5001"));
		hooks.forward(back("FA seq 5001 ack 1002"));
		hooks.forward(out("A seq 1002 ack 5002"));
		expect(hooks.entry()).toContain("TIME_WAIT");
		hooks.rules = {};
		expect(hooks.forward(out("S seq 90000"))).toMatch(/^NEW/);
		expect(hooks.entry()).toMatch(/ 120 SYN_SENT .* mark=0 /);
		expect(hooks.conntrack.count).toBe(1);
	});

	it("a challenge to a SYN in LAST_ACK is not taken for the last ACK (RFC 5961)", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(out("FA seq 1001 ack 5001"));
		hooks.forward(back("FA seq 5001 ack 1002"));
		hooks.forward(out("S seq 70000"));
		hooks.forward(back("A seq 5002 ack 1002"));
		expect(state(hooks)).toMatch(/^LAST_ACK/);
		hooks.forward(out("A seq 1002 ack 5002"));
		expect(state(hooks)).toMatch(/^TIME_WAIT/);
	});

	it("a SYN on an established connection passes and changes nothing until it is answered", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		expect(hooks.forward(out("S seq 70000"))).toMatch(/^ESTABLISHED/);
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
		hooks.forward(back("SA seq 800 ack 70001"));
		expect(state(hooks)).toBe("SYN_RECV 60 [ASSURED]");
		hooks.forward(out("A seq 70001 ack 801"));
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
	});

	it("a SYN that a dead end answers with RST: the connection is closed", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(out("S seq 70000"));
		hooks.forward(back("RA seq 0 ack 70001"));
		expect(state(hooks)).toBe("CLOSE 10 [ASSURED]");
	});

	it("REJECT --reject-with tcp-reset leaves CLOSE and ten seconds", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.rules.onTracked = (skb) => hooks.conntrack.setClosing(skb);
		hooks.forward(out("PA seq 1001 ack 5001 len 5"));
		expect(state(hooks)).toBe("CLOSE 10 [ASSURED]");
	});
});

describe("the window", () => {
	it.each([
		["data beyond what the receiver allowed", "A seq 900000 ack 5001 len 10"],
		["an acknowledgement of what was not sent", "A seq 1001 ack 6001"],
	])("%s: INVALID", (_, rest) => {
		const hooks = new TestHooks();
		handshake(hooks);
		expect(hooks.forward(out(rest))).toMatch(/^INVALID/);
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
	});

	it("nf_conntrack_tcp_be_liberal lets it pass", () => {
		const hooks = new TestHooks({ tcp_be_liberal: 1 });
		handshake(hooks);
		expect(hooks.forward(out("A seq 900000 ack 5001 len 10"))).toMatch(
			/^ESTABLISHED/,
		);
	});

	it("a little more than allowed passes, and its acknowledgement passes too", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		expect(hooks.forward(out("A seq 70000 ack 5001 len 10"))).toMatch(
			/^ESTABLISHED/,
		);
		expect(hooks.forward(back("A seq 5001 ack 70010"))).toMatch(/^ESTABLISHED/);
	});

	it("is scaled when both SYNs offered it", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000 win 1000 <wscale 7>"));
		hooks.forward(back("SA seq 5000 ack 1001 win 1000 <wscale 7>"));
		hooks.forward(out("A seq 1001 ack 5001 win 1000"));
		expect(hooks.forward(back("A seq 120000 ack 1001 len 10"))).toMatch(
			/^ESTABLISHED/,
		);
	});

	it("is not scaled when one of them did not", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000 win 1000 <wscale 7>"));
		hooks.forward(back("SA seq 5000 ack 1001 win 1000"));
		hooks.forward(out("A seq 1001 ack 5001 win 1000"));
		expect(hooks.forward(back("A seq 120000 ack 1001 len 10"))).toMatch(
			/^INVALID/,
		);
	});
});

describe("the window's edges", () => {
	/** A connection on which the server has sent 70000 octets and the client has acknowledged them. */
	function served(): TestHooks {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000 win 512 <wscale 7>"));
		hooks.forward(back("SA seq 5000 ack 1001 win 512 <wscale 7>"));
		hooks.forward(out("A seq 1001 ack 5001 win 512"));
		for (const sent of [35000, 70000]) {
			hooks.forward(
				back(`A seq ${5001 + sent - 35000} ack 1001 win 512 len 35000`),
			);
			hooks.forward(out(`A seq 1001 ack ${5001 + sent} win 512`));
		}
		return hooks;
	}

	it.each([
		[66000, "FIN_WAIT"],
		[66001, "ESTABLISHED"],
	])("an acknowledgement that is %i octets behind: %s", (behind, expected) => {
		const hooks = served();
		expect(
			hooks.forward(out(`FA seq 1001 ack ${75001 - behind} win 512`)),
		).toMatch(/^ESTABLISHED/);
		expect(state(hooks)).toMatch(expected);
	});

	it("a closed window still lets one octet in, for probes", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000"));
		hooks.forward(back("SA seq 5000 ack 1001 win 1000"));
		hooks.forward(out("A seq 1001 ack 5001 len 1000"));
		hooks.forward(back("A seq 5001 ack 2001 win 0"));
		hooks.forward(out("FA seq 2002 ack 5001"));
		expect(state(hooks)).toMatch(/^FIN_WAIT/);
	});

	it("what was sent beyond the window waits for its acknowledgement too", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(out("A seq 66000 ack 5001 len 10"));
		hooks.forward(back("A seq 5001 ack 1001"));
		expect(state(hooks)).toBe("ESTABLISHED 300 [ASSURED]");
	});

	it("a SYN that begins again without options keeps those of the one before", () => {
		const hooks = new TestHooks();
		hooks.forward(out("S seq 1000 win 1000 <wscale 7>"));
		hooks.forward(out("S seq 3000 win 1000"));
		hooks.forward(back("SA seq 5000 ack 3001 win 1000 <wscale 7>"));
		hooks.forward(out("A seq 3001 ack 5001 win 1000"));
		expect(hooks.forward(back("A seq 120000 ack 3001 len 10"))).toMatch(
			/^ESTABLISHED/,
		);
	});

	it("what is picked up is taken to have been granted its own window", () => {
		const hooks = new TestHooks();
		hooks.forward(out("A seq 1001 ack 5001 win 1000"));
		hooks.forward(back("A seq 5001 ack 1001 win 10"));
		hooks.forward(out("A seq 1500 ack 5001 win 1000 len 10"));
		// Data in the window is noted as unacknowledged; what is merely tolerated is not.
		expect(state(hooks)).toBe("ESTABLISHED 300 [ASSURED]");
	});

	it("a reset with seq 0 ends what was picked up, before it is ASSURED", () => {
		const hooks = new TestHooks();
		hooks.forward(out("A seq 1001 ack 5001"));
		hooks.forward(back("A seq 5001 ack 1001"));
		expect(hooks.forward(out("R seq 0"))).toMatch(/^ESTABLISHED/);
		expect(state(hooks)).toBe("CLOSE 10");
	});
});

describe("timeouts", () => {
	it("unacknowledged data: 300", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.forward(out("PA seq 1001 ack 5001 len 100"));
		expect(state(hooks)).toBe("ESTABLISHED 300 [ASSURED]");
		hooks.forward(back("A seq 5001 ack 1101"));
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
	});

	it("the same segment for the third time again: nf_conntrack_tcp_timeout_max_retrans", () => {
		const hooks = new TestHooks({ tcp_timeout_max_retrans: 200 });
		handshake(hooks);
		const data = out("A seq 1001 ack 5001 len 100");
		for (let sent = 0; sent < 3; sent++) hooks.forward(data);
		expect(state(hooks)).toBe("ESTABLISHED 300 [ASSURED]");
		hooks.forward(data);
		expect(state(hooks)).toBe("ESTABLISHED 200 [ASSURED]");
	});

	it("a closed window: as after retransmissions", () => {
		const hooks = new TestHooks({ tcp_timeout_max_retrans: 200 });
		handshake(hooks);
		hooks.forward(back("A seq 5001 ack 1001 win 0"));
		expect(state(hooks)).toBe("ESTABLISHED 200 [ASSURED]");
	});

	it("follow the settings, from the next packet on", () => {
		const hooks = new TestHooks();
		handshake(hooks);
		hooks.set("netfilter.nf_conntrack_tcp_timeout_established", 5);
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
		hooks.forward(out("A seq 1001 ack 5001"));
		expect(state(hooks)).toBe("ESTABLISHED 5 [ASSURED]");
		hooks.wait(4.99);
		expect(state(hooks)).toBe("ESTABLISHED 0 [ASSURED]");
		hooks.wait(0.01);
		expect(state(hooks)).toBe("none");
	});

	it("a FIN outside the window from each side: the entry goes sooner", () => {
		const hooks = new TestHooks({ tcp_timeout_unacknowledged: 200 });
		handshake(hooks);
		expect(hooks.forward(out("FA seq 900000 ack 5001"))).toMatch(/^INVALID/);
		expect(state(hooks)).toBe("ESTABLISHED 432000 [ASSURED]");
		expect(hooks.forward(back("FA seq 900000 ack 1001"))).toMatch(/^INVALID/);
		expect(state(hooks)).toBe("ESTABLISHED 200 [ASSURED]");
	});

	it("but not if it goes within two minutes anyway", () => {
		const hooks = new TestHooks({
			tcp_timeout_unacknowledged: 20,
			tcp_timeout_established: 100,
		});
		handshake(hooks);
		hooks.forward(out("FA seq 900000 ack 5001"));
		hooks.forward(back("FA seq 900000 ack 1001"));
		expect(state(hooks)).toBe("ESTABLISHED 100 [ASSURED]");
	});
});
