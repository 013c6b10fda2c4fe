import { expect, test } from "vitest";
import { createTestGateway, IN } from "./test-gateway.ts";

/**
 * A host is silent, to which the gateway resets what it has refused: the error about the reset belongs to the
 * refused connection and would put it into the table, three seconds later.
 */
test.each([
	[1, "has expired"],
	[100, null],
])(
	"a new connection like one that expired after %i s, and may be there still",
	(seconds, said) => {
		const gateway = createTestGateway(
			"*filter\n-A INPUT -p tcp -m conntrack --ctstate NEW,ESTABLISHED -j REJECT --reject-with tcp-reset\nCOMMIT\n",
		);
		gateway.model.operate({
			kind: "sysctl",
			name: "netfilter.nf_conntrack_tcp_timeout_close",
			value: seconds,
		});
		gateway.model.answer({
			kind: "neighbour",
			atMs: 0,
			interface: IN,
			address: "192.168.0.9",
			answers: false,
		});
		gateway.send(IN, "tcp 192.168.0.9:25 > 192.168.0.254:1023 S seq 5000000");
		gateway.send(
			"lo",
			"tcp 192.168.0.254:1023 > 192.168.0.9:25 A ack 5000001 len 100",
		);
		gateway.send(
			IN,
			"tcp 192.168.0.9:25 > 192.168.0.254:1023 A seq 5000000 len 12",
		);
		const later = gateway.model.answer({ kind: "wait", atMs: 0, toMs: 4000 });
		if (said === null) expect(later.unknown).toBeNull();
		else expect(later.unknown?.reason).toContain(said);
	},
);
