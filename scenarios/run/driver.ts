/**
 * A driver puts a gateway in the middle of a world: the model, which answers at once, or a kernel,
 * which takes its time. Both are asked the same things.
 */
import type { Choice } from "../../sim/chance/choice.ts";
import type { Answer, Ask } from "../../sim/contract/ask.ts";
import type { AssumedMatches } from "../../sim/contract/assume.ts";
import type { GatewaySetup, TraceSink } from "../../sim/contract/gateway.ts";
import { ModelGateway } from "../../sim/gateway/model-gateway.ts";
import { DEFAULT_LINUX, linuxWords } from "../../sim/linux/linux.ts";
import { type DriverInfo, infoOf } from "../result/driver-info.ts";

/** What a gateway may draw on. A kernel draws by itself and traces by itself. @public */
export interface DriverPorts {
	readonly choice: Choice;
	readonly trace?: TraceSink;
	/** Answers for matches that the model does not know; a kernel knows. */
	readonly assume?: AssumedMatches;
}

/** A gateway that answers at once. @public */
export interface GatewayUnderTest {
	answer(ask: Ask): Answer;
	/** Does it do nothing by itself until then? Then it need not be asked to wait: the next ask says how late it is. */
	isIdleUntil?(toMs: number): boolean;
}

/** Opens gateways that answer at once, such as the model's. @public */
export interface Driver extends DriverInfo {
	open(setup: GatewaySetup, ports: DriverPorts): GatewayUnderTest;
}

/** The same for a gateway that has to be booted, waited for and shut down. @public */
export interface AsyncGatewayUnderTest {
	answer(ask: Ask): Promise<Answer>;
	close(): Promise<void>;
}

/** A driver whose gateway takes its time: one that has to be booted, waited for and shut down. @public */
export interface AsyncDriver extends DriverInfo {
	open(setup: GatewaySetup, ports: DriverPorts): Promise<AsyncGatewayUnderTest>;
}

/** The model, and the Linux that it follows unless a scenario names another one. @public */
export const modelDriver: Driver = {
	kind: "model",
	name: "model",
	version: linuxWords(DEFAULT_LINUX),
	open: (setup, ports) => new ModelGateway(setup, ports),
};

/** A driver as results of a gateway name it: the model follows the gateway's Linux. */
export function driverFor(
	driver: DriverInfo,
	{ linux = DEFAULT_LINUX }: Pick<GatewaySetup, "linux">,
): DriverInfo {
	const info = infoOf(driver);
	return info.kind === "model" ? { ...info, version: linuxWords(linux) } : info;
}

/** Lets a play go on until its end, with answers that come at once. @public */
export function drive<Result>(
	play: Generator<Ask, Result, Answer>,
	gateway: GatewayUnderTest,
): Result {
	let step = play.next();
	while (!step.done) step = play.next(gateway.answer(step.value));
	return step.value;
}

/** … with answers that have to be waited for. @public */
export async function driveAsync<Result>(
	play: Generator<Ask, Result, Answer>,
	gateway: AsyncGatewayUnderTest,
): Promise<Result> {
	let step = play.next();
	while (!step.done) step = play.next(await gateway.answer(step.value));
	return step.value;
}
