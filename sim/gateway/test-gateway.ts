/** For tests: the recipe's gateway with any rules, which takes packets in their one-line notation. */
import { seededChoice } from "../chance/seeded.ts";
import type {
	Emission,
	Fate,
	GatewaySetup,
	Operation,
	OperationOutcome,
	TraceEvent,
} from "../contract/gateway.ts";
import { parsePacket, printPacket } from "../packet/notation/notation.ts";
import { ModelGateway } from "./model-gateway.ts";

export const SETUP: GatewaySetup = {
	interfaces: [
		{ name: "bond0.204", addresses: ["10.0.0.1/8"], mtu: 1500 },
		{ name: "bond0.205", addresses: ["192.168.0.254/24"], mtu: 1500 },
	],
	routes: [],
	sysctls: { "ipv4.ip_forward": 1 },
	listeners: [],
	epochMs: 0,
};

export const OUT = "bond0.204";
export const IN = "bond0.205";

export interface TestGateway {
	readonly model: ModelGateway;
	/** The rules that matched, in TRACE's spelling, since the last packet was sent. */
	readonly matched: string[];
	/** Sends a packet; what came out at once, each as `interface packet`. */
	send(interfaceName: string, packet: string): string[];
	fate(interfaceName: string, packet: string): Fate;
	/** What comes out within this virtual time. */
	wait(forMs: number): string[];
	/** @throws when the operation is refused */
	operate(operation: Operation): OperationOutcome;
	iptables(command: string): void;
	condition(name: string, write: string): void;
	/** `/proc/net/nf_conntrack`, sorted. */
	conntrack(): string[];
}

export function createTestGateway(
	rules: string,
	setup: Partial<GatewaySetup> = {},
	seed = 1,
): TestGateway {
	const matched: string[] = [];
	const trace = (event: TraceEvent) =>
		void matched.push(
			`${event.table}:${event.chain}:${event.kind}:${event.number}`,
		);
	const model = new ModelGateway(
		{ ...SETUP, ...setup },
		{ choice: seededChoice(seed), trace },
	);
	const print = (emissions: readonly Emission[]) =>
		emissions.map(
			({ interface: name, packet }) => `${name} ${printPacket(packet)}`,
		);
	const gateway: TestGateway = {
		model,
		matched,
		send(interfaceName, packet) {
			matched.length = 0;
			const { fate, emissions } = model.receive(
				interfaceName,
				parsePacket(packet),
			);
			if (fate.kind === "unknown")
				throw new Error(`unknown: ${fate.unknown.rule} ${fate.unknown.reason}`);
			return print(emissions);
		},
		fate(interfaceName, packet) {
			matched.length = 0;
			return model.receive(interfaceName, parsePacket(packet)).fate;
		},
		wait(forMs) {
			const toMs = model.nowMs + forMs;
			const out: string[] = [];
			while (model.nowMs < toMs) {
				const answer = model.answer({
					kind: "wait",
					atMs: model.nowMs,
					toMs,
				});
				out.push(...print(answer.emissions));
			}
			return out;
		},
		operate(operation) {
			const outcome = model.operate(operation);
			if (!outcome.ok) throw new Error(outcome.message);
			return outcome;
		},
		iptables(command) {
			gateway.operate({ kind: "iptables", command });
		},
		condition(name, write) {
			gateway.operate({ kind: "condition", name, write });
		},
		conntrack() {
			return model
				.observe()
				.conntrack.map((line) => line.text)
				.sort();
		},
	};
	if (rules !== "")
		gateway.operate({
			kind: "restore",
			text: rules,
			file: "test.rules",
			noflush: false,
			counters: false,
		});
	return gateway;
}
