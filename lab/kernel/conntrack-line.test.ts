import { describe, expect, it } from "vitest";
import { RECIPE_GATEWAY } from "../../scenarios/language/build/build.ts";
import { seededChoice } from "../../sim/chance/seeded.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { parsePacket } from "../../sim/packet/notation/notation.ts";
import { parseConntrack } from "./conntrack-line.ts";

describe("lines of /proc/net/nf_conntrack", () => {
	it("say what the model's own lines say", () => {
		const model = new ModelGateway(RECIPE_GATEWAY, { choice: seededChoice(1) });
		model.operate({
			kind: "restore",
			file: "marks",
			noflush: false,
			counters: false,
			text: "*mangle\n-A PREROUTING -p tcp -j CONNMARK --set-mark 0xfffffffe\nCOMMIT\n",
		});
		for (const line of [
			"tcp 10.0.0.10:40000 > 192.168.0.1:25 S seq 1",
			"udp 10.0.0.10:5353 > 192.168.0.1:53",
			"icmp 10.0.0.10 > 192.168.0.1 echo-request id 7 seq 1",
		])
			model.receive("bond0.204", parsePacket(line));
		const { conntrack } = model.observe();
		expect(conntrack.map((one) => one.protocol).sort()).toEqual([
			"icmp",
			"tcp",
			"udp",
		]);
		const text = conntrack.map((one) => `${one.text}\n`).join("");
		expect(parseConntrack(text)).toEqual(conntrack);
	});

	it("are read with zones, counters and protocols without ports", () => {
		const [tcp, other] = parseConntrack(
			[
				"ipv4     2 tcp      6 431999 ESTABLISHED src=10.0.0.10 dst=10.0.0.1 sport=40000 dport=25 packets=2 bytes=92 src=192.168.0.2 dst=10.0.0.10 sport=25 dport=40000 packets=1 bytes=52 [ASSURED] mark=2 zone=0 use=2",
				"ipv4     2 unknown  47 599 src=10.0.0.10 dst=192.168.0.1 [UNREPLIED] src=192.168.0.1 dst=10.0.0.10 mark=0 zone=3 use=2",
				"ipv6     10 tcp      6 9 CLOSE src=::1 dst=::1 sport=1 dport=2 src=::1 dst=::1 sport=2 dport=1 mark=0 zone=0 use=2",
				"",
			].join("\n"),
		);
		expect(tcp).toMatchObject({
			state: "ESTABLISHED",
			timeoutS: 431999,
			mark: 2,
			assured: true,
			unreplied: false,
			reply: { source: "192.168.0.2", sourcePort: 25, destinationPort: 40000 },
		});
		expect(other).toMatchObject({
			protocol: "unknown",
			state: "",
			timeoutS: 599,
			assured: false,
			unreplied: true,
			original: { source: "10.0.0.10", sourcePort: 0, destinationPort: 0 },
		});
	});
});
