import { expect, it } from "vitest";
import { createTestGateway, OUT } from "../../../sim/gateway/test-gateway.ts";
import { parseAddress } from "../../../sim/packet/address.ts";
import { UDP } from "../../../sim/packet/packet.ts";
import { type Translated, zonesTaken } from "./port-draws.ts";

it("says in which zones replies are those of a connection", () => {
	const gateway = createTestGateway(`*raw
-A PREROUTING -s 10.0.0.10 -j CT --zone 7
-A PREROUTING -s 10.0.0.11 -j CT --zone-reply 8
COMMIT
*nat
-A POSTROUTING -p udp -j SNAT --to-source 10.9.9.9:2000
COMMIT
`);
	for (const host of [10, 11, 12])
		gateway.send(OUT, `udp 10.0.0.${host}:40000 > 192.168.0.1:53`);
	const translated: Translated = {
		manip: "source",
		protocol: UDP,
		source: parseAddress("10.9.9.9") ?? expect.fail(),
		sourcePort: 2000,
		destination: parseAddress("192.168.0.1") ?? expect.fail(),
		destinationPort: 53,
	};
	const lines = gateway.model.conntrackLines;
	const zones = (one: Translated) => [...zonesTaken(one, lines)].sort();
	expect(zones(translated)).toEqual(["0", "7", "8"]);
	expect(zones({ ...translated, sourcePort: 2001 })).toEqual([]);
});
