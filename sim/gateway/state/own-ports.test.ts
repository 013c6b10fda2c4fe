import { expect, test } from "vitest";
import { parseAddress } from "../../packet/address.ts";
import { OwnPorts } from "./own-ports.ts";

const OWN = parseAddress("10.0.0.1") as number;

test("a port is held at the address that its program is bound to, or at any", () => {
	const ports = new OwnPorts([{ protocol: "udp", port: 25 }]);
	ports.set({ protocol: "udp", address: OWN, port: 53 }, "open");
	expect(ports.heldAt("udp", OWN, 53)).toBe("address");
	expect(ports.heldAt("udp", OWN + 1, 53)).toBeNull();
	expect(ports.heldAt("udp", OWN, 25)).toBe("any");
	expect(ports.heldAt("udp", 0, 25)).toBe("any");
	expect(ports.heldAt("tcp", OWN, 25)).toBeNull();
});
