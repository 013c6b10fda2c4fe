import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { groupId, userId } from "../extension/values/names.ts";
import { noteName } from "../extension/values/open-names.ts";
import { scanUnsigned } from "../extension/values/read-number.ts";

interface IdRange {
	readonly min: number;
	readonly max: number;
	readonly inverted: boolean;
}

interface Options {
	readonly socketExists: { readonly inverted: boolean } | null;
	readonly user: IdRange | null;
	readonly group: IdRange | null;
	readonly supplementaryGroups: boolean;
}

/** One less than -1, which stands for no user. */
const GREATEST_ID = 0xfffffffe;

/** Whose socket made the packet (iptables 1.8.9 libxt_owner.c, kernel 6.1 xt_owner.c, revision 1). */
export const owner = defineMatch<Options>({
	name: "owner",
	flagCodes: { "socket-exists": 2, "suppl-groups": 6 },
	hooks: ["OUTPUT", "POSTROUTING"],
	options: [
		{ name: "uid-owner", type: "string", invertible: true },
		{ name: "gid-owner", type: "string", invertible: true },
		{ name: "socket-exists", type: "none", invertible: true },
		{ name: "suppl-groups", type: "none" },
	],
	build(given) {
		const socketExists = given.get("socket-exists", "none");
		const supplementary = given.get("suppl-groups", "none");
		const groupPlace = given.get("gid-owner", "string")?.word ?? Infinity;
		if (supplementary && groupPlace > supplementary.word)
			return given.refuse(
				'owner: Bad value for "--suppl-groups" option: "you need to use --gid-owner first"',
				"Write `--gid-owner` in front of `--suppl-groups`.",
				"suppl-groups",
			);
		const user = idRange(given, "uid-owner", userId);
		const group = idRange(given, "gid-owner", groupId);
		if (!user && !group && !socketExists)
			return given.refuse(
				"owner: At least one of --uid-owner, --gid-owner or --socket-exists is required",
				"Say whose packets: `--uid-owner 33`.",
			);
		return {
			socketExists: socketExists ? { inverted: socketExists.inverted } : null,
			user,
			group,
			supplementaryGroups: supplementary !== undefined,
		};
	},
	print({ socketExists, user, group, supplementaryGroups }) {
		return [
			socketExists ? `${not(socketExists)} --socket-exists` : "",
			user ? `${not(user)} --uid-owner ${printIds(user)}` : "",
			group ? `${not(group)} --gid-owner ${printIds(group)}` : "",
			supplementaryGroups ? " --suppl-groups" : "",
		].join("");
	},
	/** dmesg says nothing of it. */
	check({ user, group }) {
		const turned = [user, group].some(
			(range) => range && range.max < range.min,
		);
		return turned
			? "xt_owner: a range of ids that ends before it begins"
			: null;
	},
	hasOneAnswer: "way",
	question: () => ({
		kind: "open",
		on: "the process that sent the packet",
		isUnknown: true,
	}),
	/** No process has other groups than its own (`owner_mt`, 6.1). */
	compile(options) {
		const { socketExists, user, group, supplementaryGroups } = options;
		const asked = [socketExists, user, group].filter((one) => one !== null);
		const withoutSocket =
			!supplementaryGroups && asked.every(({ inverted }) => inverted);
		const ofSocket = !socketExists?.inverted;
		const ofKernel =
			ofSocket && (user?.inverted ?? true) && (group?.inverted ?? true);
		return ({ socket, owner: by }) => {
			if (socket === "none") return withoutSocket;
			if (socket === "kernel") return ofKernel;
			return ofSocket && isIn(user, by.user) && isIn(group, by.group);
		};
	},
});

const isIn = (ids: IdRange | null, id: number): boolean =>
	ids === null || (id >= ids.min && id <= ids.max) !== ids.inverted;

const not = ({ inverted }: { readonly inverted: boolean }): string =>
	inverted ? " !" : "";

const printIds = ({ min, max }: IdRange): string =>
	min === max ? `${min}` : `${min}-${max}`;

function idRange(
	given: GivenOptions,
	option: "uid-owner" | "gid-owner",
	numberOf: (name: string) => number | null,
): IdRange | null {
	const found = given.get(option, "string");
	if (!found) return null;
	const { text, inverted } = found;
	const known = numberOf(text);
	if (known !== null) return { min: known, max: known, inverted };
	const kind = option === "uid-owner" ? "user" : "group";
	const standIn = noteName(kind, text, 0);
	if (standIn !== null) return { min: standIn, max: standIn, inverted };
	const refuse = (rest: string) =>
		given.refuse(
			`owner: Bad value for "--${option}" option: "${rest}"`,
			"Write a name, a number, or a range of numbers `FROM-TO`.",
			option,
		);
	const least = scanUnsigned(text, 0);
	const min = least.value;
	if (least.end < 0 || min > GREATEST_ID) return refuse(text);
	const isRange = /^[-:]/.test(text.slice(least.end));
	const { value: max, end } = isRange
		? scanUnsigned(text, least.end + 1)
		: least;
	if (end < text.length || max > GREATEST_ID) return refuse(text);
	return { min, max, inverted };
}
