/** What the kernel of a client says to a socket that asks for a port which another one has. */
import { describe, expect, it } from "vitest";
import { connects, playForwarded } from "./test-forwarder.ts";

const PORT = { kind: "fixed", port: 40_000 } as const;
const HOLD = { kind: "silent", connectTimeoutMs: null } as const;

describe("a connection from a port that one to the same place has", () => {
	it("is refused by its kernel, and the other one stands", () => {
		const { connections } = playForwarded([
			connects({ ports: PORT, dialogue: HOLD }),
			connects({ ports: PORT }),
			connects({ atMs: 500, ports: PORT }),
		]);
		expect(connections).toMatchObject([
			{ outcome: "open", backend: "b1", met: ["b1"], syns: 1 },
			{ outcome: "no-port", sourcePort: 40_000, met: [], syns: 0 },
			{ outcome: "no-port", sourcePort: 40_000, met: [], syns: 0 },
		]);
	});

	it("takes its place where that is over, or in TIME_WAIT", () => {
		const { connections } = playForwarded([
			connects({ ports: PORT }),
			connects({ atMs: 5_000, ports: PORT }),
			connects({
				atMs: 10_000,
				ports: PORT,
				dialogue: { kind: "connect-only", connectTimeoutMs: null },
			}),
			connects({ atMs: 15_000, ports: PORT }),
		]);
		expect(connections.map(({ outcome }) => outcome)).toEqual([
			"completed",
			"completed",
			"completed",
			"completed",
		]);
	});

	it("is another one from another address, and from another port", () => {
		const { connections } = playForwarded([
			connects({ ports: PORT, dialogue: HOLD }),
			connects({ ports: { kind: "from", first: 40_000 } }),
		]);
		expect(connections).toMatchObject([
			{ outcome: "open" },
			{ outcome: "completed", sourcePort: 40_001 },
		]);
	});
});
