/** All rules of the linter. */
import type { LintDescription, LintRule } from "../finding.ts";
import { answersDropped } from "./affinity/answers-dropped.ts";
import { answersUntranslated } from "./affinity/answers-untranslated.ts";
import { backendChanges } from "./affinity/backend-changes.ts";
import { otherSide } from "./affinity/other-side.ts";
import { returningClients } from "./affinity/returning-clients.ts";
import { backendGetsNothing } from "./balance/backend-gets-nothing.ts";
import { firstMatchAssumed } from "./balance/first-match-assumed.ts";
import { knownConnectionsCounted } from "./balance/known-connections-counted.ts";
import { noBackend } from "./balance/no-backend.ts";
import { sharedCounter } from "./balance/shared-counter.ts";
import { unequalSplit } from "./balance/unequal-split.ts";
import { weightNotMet } from "./balance/weight-not-met.ts";
import { allDeadSendsToDead } from "./failover/all-dead-sends-to-dead.ts";
import { conditionNameOpposite } from "./failover/condition-name-opposite.ts";
import { conditionWithoutEffect } from "./failover/condition-without-effect.ts";
import { deadBackendUsed } from "./failover/dead-backend-used.ts";
import { noFallback } from "./failover/no-fallback.ts";
import { unevenFailover } from "./failover/uneven-failover.ts";
import {
	ignoreOfUnknownRule,
	ignoreWithoutEffect,
	ignoreWithoutReason,
} from "./linter/suppressions.ts";
import { markClobbered } from "./marks/mark-clobbered.ts";
import { markNeverRead, markNeverSet } from "./marks/mark-mismatch.ts";
import { markWithoutEffect } from "./marks/mark-without-effect.ts";
import { restoreMissing } from "./marks/restore-missing.ts";
import { restoredAfterUse } from "./marks/restored-after-use.ts";
import { saveMissing } from "./marks/save-missing.ts";
import { savedBeforeSet } from "./marks/saved-before-set.ts";
import { droppedAfterDnat } from "./nat/dropped-after-dnat.ts";
import { hairpinWithoutSnat } from "./nat/hairpin-without-snat.ts";
import { loopbackBackend } from "./nat/loopback-backend.ts";
import { proxyLoop } from "./nat/proxy-loop.ts";
import { untrackedNotTranslated } from "./nat/untracked-not-translated.ts";
import { chainNeverCalled } from "./reachability/chain-never-called.ts";
import { contradictoryRule } from "./reachability/contradictory-rule.ts";
import {
	redundantRule,
	shadowedTranslation,
	unreachableRule,
} from "./reachability/unreachable-rules.ts";
import { oldName } from "./syntax/old-name.ts";

/** Those that look at a ruleset, by code: a line each. */
export const lintRules: readonly LintRule[] = [
	// MT1xx: balance
	noBackend,
	unequalSplit,
	backendGetsNothing,
	firstMatchAssumed,
	sharedCounter,
	knownConnectionsCounted,
	weightNotMet,
	// MT2xx: failover
	deadBackendUsed,
	noFallback,
	unevenFailover,
	conditionNameOpposite,
	conditionWithoutEffect,
	allDeadSendsToDead,
	// MT3xx: affinity
	backendChanges,
	answersDropped,
	answersUntranslated,
	returningClients,
	otherSide,
	// MT4xx: marks
	restoreMissing,
	restoredAfterUse,
	savedBeforeSet,
	markClobbered,
	markNeverRead,
	markNeverSet,
	saveMissing,
	markWithoutEffect,
	// MT5xx: reachability
	unreachableRule,
	redundantRule,
	shadowedTranslation,
	chainNeverCalled,
	contradictoryRule,
	// MT6xx: nat
	droppedAfterDnat,
	hairpinWithoutSnat,
	loopbackBackend,
	untrackedNotTranslated,
	proxyLoop,
	// MT7xx: reload
	// MT8xx: syntax
	oldName,
];

/** Those about comments that suppress findings. */
const suppressionRules: readonly LintDescription[] = [
	ignoreWithoutReason,
	ignoreOfUnknownRule,
	ignoreWithoutEffect,
];

/** All of them, by code. */
export const allLintRules: readonly LintDescription[] = [
	...lintRules,
	...suppressionRules,
];
