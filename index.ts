/**
 * marktwin as a library: rulesets as data, scenarios in typed builders, and the model that plays
 * them.
 *
 *     import { assertScenario, connect, evenSplit, readScenario, recipeSetup, scenario } from "marktwin";
 *
 *     const split = scenario({
 *       name: "split", title: "Half and half", setup: recipeSetup({ ruleset: "my.rules" }),
 *       steps: [connect(10, { everyMs: 50 })],
 *       expect: [evenSplit(["b1", "b2"])],
 *     });
 *     assertScenario(await readScenario(split, import.meta.dirname));
 */

// Scenario files import this very module under its name.
import * as itself from "./index.ts";
import { validateScenario } from "./scenarios/language/check/validate.ts";
import type {
	PlayableScenario,
	Scenario,
} from "./scenarios/language/scenario.ts";
import {
	type LoadedScenario,
	type LoadOptions,
	loadScenarios as loadWith,
	resolveRules,
} from "./scenarios/load/load-scenarios.ts";
import type { RunResult } from "./scenarios/result/result.ts";
import type { Driver } from "./scenarios/run/driver.ts";
import {
	checkScenario,
	type RunOptions,
} from "./scenarios/run/run-scenario.ts";

// ## Scenarios and their setup
// Builders return plain data, and throw a `ScenarioError` for an argument that they do not take.

export {
	type GivenScenario,
	scenario,
} from "./scenarios/language/build/build.ts";
export {
	backendAt,
	clientAt,
	INSIDE,
	linux,
	OUTSIDE,
	RECIPE_GATEWAY,
	type RecipeOverrides,
	recipeHealthCheck,
	recipeSetup,
} from "./scenarios/language/build/build-recipe.ts";
export {
	type ServiceOptions,
	service,
} from "./scenarios/language/build/build-services.ts";

// ## Steps
// What happens, and when. Builders throw a `ScenarioError` for an argument that they do not take.

export {
	type ConnectOnlyOptions,
	connectOnly,
	type EchoOptions,
	echo,
	type HoldOptions,
	type HttpOptions,
	hold,
	http,
	type PatienceOptions,
	type SmtpOptions,
	silent,
	smtp,
} from "./scenarios/language/build/build-dialogues.ts";
export {
	evict,
	type IpsetOptions,
	ip,
	ipset,
	iptables,
	linkDown,
	linkUp,
	type RestoreOptions,
	restore,
	setCondition,
	sysctl,
	takeOver,
} from "./scenarios/language/build/build-operations.ts";
export {
	announce,
	at,
	backend,
	type ConnectOptions,
	carrier,
	close,
	connect,
	lossy,
	neighbour,
	type OpeningOptions,
	observe,
	packet,
	race,
	repeat,
	type SendOptions,
	send,
	slow,
	speak,
} from "./scenarios/language/build/build-steps.ts";
export type { AtMostOne } from "./scenarios/language/build/check-arguments.ts";
export type {
	LabelOrOptions,
	StepOptions,
} from "./scenarios/language/build/step-options.ts";

// ## Expectations
// What is expected of a play. Builders throw a `ScenarioError` for an argument that they do not take.

export {
	abandonedWithin,
	affinity,
	avoided,
	countsAgree,
	type FailoverGapOptions,
	failoverGapAtMost,
	gatewayAnswered,
	mailKept,
	moved,
	order,
	outcomes,
	pattern,
	type ReasonOptions,
	type SelectionOptions,
} from "./scenarios/language/build/build-expect.ts";
export {
	connectedWithin,
	type StickyOptions,
	sticky,
} from "./scenarios/language/build/build-expect-clients.ts";
export {
	conditionIs,
	conntrack,
	counter,
	type EntryOptions,
	type FailsOptions,
	type ObservationOptions,
	operationFails,
	operationSucceeds,
	type PacketsCountedOptions,
	type PacketsOptions,
	packetsCounted,
	packetsOut,
	packetsPast,
} from "./scenarios/language/build/build-expect-gateway.ts";
export {
	evenSplit,
	type ShareOptions,
	type SplitOptions,
	split,
	splitBySource,
} from "./scenarios/language/build/build-expect-split.ts";
export type { Count } from "./scenarios/language/schema/count.ts";

// ## Scenarios as data
// What builders return, and what a scenario in JSON holds.

export {
	validateScenario,
	validateScenarioFile,
} from "./scenarios/language/check/validate.ts";
export type {
	ConnectionFilter,
	CountedOutcome,
	Expectation,
	ExpectationKind,
	GatewaySource,
	IpsetCommand,
	PlayableScenario,
	RestoreFile,
	RulesetSource,
	Scenario,
	ScenarioFile,
	ScenarioStep,
	SetsSource,
	Setup,
	SplitBounds,
} from "./scenarios/language/scenario.ts";
export {
	ScenarioError,
	type ScenarioErrorCode,
	type ScenarioFault,
} from "./scenarios/language/scenario-error.ts";
export type { BackendBehaviour } from "./sim/endpoint/backend.ts";
export type { ConnectionOutcome, Dialogue } from "./sim/endpoint/dialogue.ts";
export type {
	HealthCheckSettings,
	HealthPolicy,
	HealthProbe,
	HealthTarget,
} from "./sim/endpoint/health-policy.ts";
export type { Program, ProgramOwner } from "./sim/endpoint/program.ts";
export type { HttpCheck } from "./sim/endpoint/protocols/http-check.ts";
export type {
	Arrivals,
	BackendSetup,
	ClientSetup,
	NeighbourBehaviour,
	PacketByHand,
	PortPolicy,
	ServiceSetup,
	ServingBackend,
	Step,
	StepKind,
	WorldSetup,
} from "./sim/world/setup/setup.ts";

// ## Playing and judging

export type {
	LoadedScenario,
	LoadOptions,
} from "./scenarios/load/load-scenarios.ts";
export type { RulesText } from "./scenarios/load/with-texts.ts";
export type { AssumedMatch } from "./scenarios/result/assumed.ts";
export type { DriverInfo, DriverKind } from "./scenarios/result/driver-info.ts";
export { commandLine, type Invocation } from "./scenarios/result/invocation.ts";
export type {
	ImpliedExpectation,
	Judgement,
	Outcome,
	RunResult,
	Why,
} from "./scenarios/result/result.ts";
export type { RulePlace } from "./scenarios/result/rule-place.ts";
export {
	assertScenario,
	ExpectationError,
} from "./scenarios/run/assert-scenario.ts";
export type { Limits } from "./scenarios/run/budget.ts";
export {
	checkScenario,
	checkScenarioAsync,
	type RunOptions,
} from "./scenarios/run/run-scenario.ts";
export { loadBuiltInScenarios } from "./scenarios/suites/index.ts";
export type { Note } from "./sim/script/run/report.ts";
export type { LinkEvent, LinkWatch } from "./sim/world/watch.ts";

/**
 * Makes a scenario playable: checks it whole and reads the rules files that it names.
 * @param folder where they are; the current one when nothing is said
 * @throws ScenarioError with every fault
 * @public
 */
export async function readScenario(
	scenario: Scenario,
	folder: string = ".",
): Promise<PlayableScenario> {
	return resolveRules(validateScenario(scenario), folder, { file: "" });
}

/**
 * Checks a scenario, reads its rules, plays it on the model and judges it.
 * @throws ScenarioError when it cannot be played; a violated expectation is a result
 * @public
 */
export async function runScenario(
	scenario: Scenario,
	options: RunOptions & {
		readonly folder?: string;
		readonly driver?: Driver;
	} = {},
): Promise<RunResult> {
	return checkScenario(await readScenario(scenario, options.folder), options);
}

/**
 * Loads scenario files (`.ts`, `.mts`, `.js`, `.mjs`, `.json`) and the rules beside them.
 * @throws ScenarioError for the first file that cannot be used, with all of its faults
 * @public
 */
export async function loadScenarios(
	files: readonly string[],
	options: LoadOptions = {},
): Promise<readonly LoadedScenario[]> {
	return loadWith(files, { ...options, library: options.library ?? itself });
}

// ## What happened in a play

export type {
	Account,
	ConnectionRecord,
	PacketRecord,
	TranslatedSource,
	WorldEvent,
} from "./sim/world/account/account.ts";

// ## Rulesets
// Text that `iptables-restore` takes, as data and back.

export type { AssumedMatches } from "./sim/contract/assume.ts";
export type { Need, NeedKind } from "./sim/contract/need.ts";
export type {
	AddressMask,
	AsWritten,
	Chain,
	Counters,
	InterfaceMatch,
	MatchUse,
	Rule,
	RuleHeader,
	Ruleset,
	Table,
	TableName,
	TargetUse,
} from "./sim/contract/ruleset.ts";
export {
	type Fault,
	type FaultCode,
	printFault,
	printFaults,
	RulesetError,
} from "./sim/ruleset/base/ruleset-error.ts";
export type { Change } from "./sim/ruleset/fix/change.ts";
export {
	type Fixed,
	type FixOptions,
	fixRuleset,
} from "./sim/ruleset/fix/fix.ts";
export {
	checkRuleset,
	type ParseOptions,
	parseRuleset,
} from "./sim/ruleset/parse.ts";
export { printRuleset } from "./sim/ruleset/print.ts";

// ## A verdict from a ruleset alone
// What it balances, how exactly, and what is wrong with it, found by walking the model.

export {
	type RulesetFinding,
	type RulesetVerdict,
	rulesetVerdict,
	type VerdictOptions,
} from "./scenarios/analysis/document/ruleset-verdict.ts";
export type {
	ClassDocument,
	DriveDocument,
	Exact,
	PartDocument,
	ServiceDocument,
	ShareDocument,
	SplitDocument,
	VectorDocument,
} from "./scenarios/analysis/document/split-document.ts";
export type {
	Confidence,
	Severity,
} from "./scenarios/analysis/lint/finding.ts";
export type { ConditionRole } from "./scenarios/analysis/services/service.ts";
export type { RuleRef, UnmetRule } from "./scenarios/analysis/walk/decision.ts";
export {
	type GivenWorld,
	type MarkRoute,
	NOTHING_GIVEN,
} from "./scenarios/analysis/world/assumed-world.ts";

// ## Packets

export {
	type PrintOptions,
	printPacket,
} from "./sim/packet/notation/notation.ts";
export { parsePacket } from "./sim/packet/notation/notation-parse.ts";
export type {
	Address,
	Checksum,
	FragmentPlace,
	IcmpPacket,
	IpHeader,
	OtherPacket,
	Packet,
	TcpOptions,
	TcpPacket,
	UdpPacket,
} from "./sim/packet/packet.ts";
export { PacketError } from "./sim/packet/packet-error.ts";

// ## Gateways
// The seam between a play and the thing under test. A driver of your own puts another gateway into a play;
// `CONFORMANCE` shows whether it answers as it must.

export {
	CONFORMANCE,
	type ConformanceCase,
	conformancePlay,
} from "./scenarios/run/conformance.ts";
export {
	type AsyncDriver,
	type AsyncGatewayUnderTest,
	type Driver,
	type DriverPorts,
	drive,
	driveAsync,
	type GatewayUnderTest,
	modelDriver,
} from "./scenarios/run/driver.ts";
export type { Answer, Ask, PortState } from "./sim/contract/ask.ts";
export type { DropReason } from "./sim/contract/drop-reason.ts";
export type {
	ConntrackFilter,
	ConntrackLine,
	ConntrackTuple,
	CtState,
	DroppedBy,
	Emission,
	Fate,
	GatewaySetup,
	InterfaceSetup,
	LogEntry,
	Observation,
	Operation,
	OperationOutcome,
	RouteSetup,
	StepOperation,
	TracedVerdict,
	TraceEvent,
	TraceSink,
	Unknown,
} from "./sim/contract/gateway.ts";
export { GatewayError } from "./sim/contract/gateway-error.ts";
export type { SctpStateName } from "./sim/contract/sctp-state-name.ts";
export { SetupError } from "./sim/contract/setup-error.ts";
export type { TcpStateName } from "./sim/contract/tcp-state-name.ts";
export { UnknownSignal } from "./sim/contract/unknown-signal.ts";
export type { WaitingPacket } from "./sim/gateway/ip/neighbours.ts";
export type { Raced } from "./sim/gateway/ip/race.ts";
export {
	type GatewaySnapshot,
	ModelGateway,
	type ModelGatewayPorts,
} from "./sim/gateway/model-gateway.ts";
export type { HookName } from "./sim/packet/skb/skb.ts";
export type { SocketOwner } from "./sim/packet/socket-owner.ts";

// ## Chance

export type {
	Choice,
	ConnectionEnds,
	HashOf,
	TrackedConnection,
	UnseenChance,
} from "./sim/chance/choice.ts";
export {
	type Draw,
	type ExhaustiveOptions,
	everyPath,
	GivenOutcomeError,
	type Path,
	sharesOf,
	TooManyOutcomesError,
} from "./sim/chance/exhaustive.ts";
export type { ChancePart } from "./sim/chance/noted.ts";
export { seededChoice } from "./sim/chance/seeded.ts";
export type {
	Backend,
	IptablesVersion,
	KernelSeries,
	Linux,
} from "./sim/linux/linux.ts";
export { printRational, type Rational } from "./sim/rational.ts";
export type { RouteReason } from "./sim/routing/routes.ts";
export type { Stateful } from "./sim/stateful.ts";
export {
	type Band,
	binomialBand,
	multinomialBands,
} from "./sim/statistics.ts";
