/** What a command of iproute2 does to the gateway's addresses, tables and rules. */
import { defaultPriority, type IpRule, insertRule } from "../fib/ip-rules.ts";
import { type RoutingState, withLink } from "../fib/routing-state.ts";
import { isMeant, type RuleSpec } from "../fib/rule-spec.ts";
import { answers, done, type IpOutcome, noDevice, refused } from "./answers.ts";
import {
	addAddress,
	deleteAddress,
	flushAddresses,
} from "./change-addresses.ts";
import { deleteRoute, flushRoutes, insertRoute } from "./change-routes.ts";
import type { IpCommand } from "./ip-command.ts";
import { ruleOf } from "./parse-rule.ts";

/** Commands about routing; those about neighbours are the gateway's own. */
export type RoutingCommand = Exclude<
	IpCommand,
	{ readonly object: "neighbour" }
>;

export interface IpContext {
	/** Of interfaces, by index. */
	readonly names: readonly string[];
	/** `promote_secondaries`, by index. */
	readonly promotes: readonly boolean[];
	/** Rules are asked once one is gone, and not only once one was added (`rulesWithoutAdded`). */
	readonly heedsFewerRules: boolean;
}

export function carryOutIp(
	state: RoutingState,
	command: RoutingCommand,
	context: IpContext,
): IpOutcome {
	const { names, promotes } = context;
	switch (command.object) {
		case "rule":
			if (command.action === "flush") return flushRules(state, context);
			return command.action === "add"
				? addRule(state, command.rule)
				: deleteRule(state, command.rule, context);
		case "route":
			switch (command.action) {
				case "flush-cache":
					return done(state);
				case "flush":
					return flushRoutes(state, names, command.what);
				case "del":
					return deleteRoute(state, names, command.route);
				default:
					return insertRoute(state, names, command.route, command.action);
			}
		case "address":
			switch (command.action) {
				case "flush":
					return flushAddresses(state, names, command.dev);
				case "del":
					return deleteAddress(state, names, command.address, promotes);
				default:
					return addAddress(state, names, command.address, command.action);
			}
		case "link": {
			const index = names.indexOf(command.dev);
			if (index <= 0) return noDevice(command.dev);
			const { up, mtu } = command;
			const changed =
				mtu === null ? state : { ...state, mtus: state.mtus.with(index, mtu) };
			return done(up === null ? changed : withLink(changed, index, up));
		}
	}
}

function addRule(state: RoutingState, spec: RuleSpec): IpOutcome {
	const { rules } = state;
	const priority = spec.priority ?? defaultPriority(rules);
	const { action } = spec;
	if (action?.kind === "goto" && action.priority <= priority)
		return refused("Backward goto not supported");
	if ((spec.tos & ~TOS_BITS) !== 0)
		return refused(
			(spec.tos & ECN_BITS) === 0
				? "Invalid tos"
				: "Invalid dsfield (tos): ECN bits must be 0",
		);
	const added = insertRule(rules, ruleOf(spec, priority));
	return added === null
		? answers("File exists")
		: done({ ...state, rules: added, isSplit: true });
}

const TOS_BITS = 0x1c;
const ECN_BITS = 0x03;

function deleteRule(
	state: RoutingState,
	spec: RuleSpec,
	context: IpContext,
): IpOutcome {
	const at = state.rules.findIndex((rule) => isMeant(rule, spec));
	return at < 0
		? answers("No such file or directory")
		: withFewerRules(state, state.rules.toSpliced(at, 1), context);
}

/** The rule of priority 0 stays: it is not named by the message that deletes it. */
function flushRules(state: RoutingState, context: IpContext): IpOutcome {
	return withFewerRules(
		state,
		state.rules.filter(({ priority }) => priority === 0),
		context,
	);
}

/** `fib4_rule_delete` */
function withFewerRules(
	state: RoutingState,
	rules: readonly IpRule[],
	{ heedsFewerRules }: IpContext,
): IpOutcome {
	const isSplit = state.isSplit || heedsFewerRules;
	return done({ ...state, rules, isSplit });
}
