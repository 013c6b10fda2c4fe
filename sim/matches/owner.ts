import { defineMatch } from "../extension/extension.ts";
import type { GivenOptions } from "../extension/options.ts";
import { scannedNumber, scanUnsigned } from "../extension/read-number.ts";

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

/** `name:user:group`: who is on every Debian machine (base-passwd 3.6); "" where there is none. */
const KNOWN = `root:0:0 daemon:1:1 bin:2:2 sys:3:3 adm::4 tty::5 disk::6 sync:4: games:5:60 man:6:12
lp:7:7 mail:8:8 news:9:9 uucp:10:10 proxy:13:13 kmem::15 dialout::20 fax::21 voice::22 cdrom::24
floppy::25 tape::26 sudo::27 audio::29 dip::30 www-data:33:33 backup:34:34 operator::37 list:38:38
irc:39:39 src::40 _apt:42: shadow::42 utmp::43 video::44 sasl::45 plugdev::46 staff::50 users::100
nobody:65534: nogroup::65534`;

const users = new Map<string, number>();
const groups = new Map<string, number>();
for (const entry of KNOWN.split(/\s+/)) {
	const [name = "", user, group] = entry.split(":");
	if (user) users.set(name, Number(user));
	if (group) groups.set(name, Number(group));
}

/** Whose socket made the packet (iptables 1.8.9 libxt_owner.c, kernel 6.1 xt_owner.c, revision 1). */
export const owner = defineMatch<Options>({
	name: "owner",
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
		const user = idRange(given, "uid-owner", users);
		const group = idRange(given, "gid-owner", groups);
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
	compile: null,
});

const not = ({ inverted }: { readonly inverted: boolean }): string =>
	inverted ? " !" : "";

const printIds = ({ min, max }: IdRange): string =>
	min === max ? `${min}` : `${min}-${max}`;

function idRange(
	given: GivenOptions,
	option: "uid-owner" | "gid-owner",
	names: ReadonlyMap<string, number>,
): IdRange | null {
	const found = given.get(option, "string");
	if (!found) return null;
	const { text, inverted } = found;
	const known = names.get(text);
	if (known !== undefined) return { min: known, max: known, inverted };
	const refuse = (rest: string) =>
		given.refuse(
			`owner: Bad value for "--${option}" option: "${rest}"`,
			"Write the number, or a range `FROM-TO`: of names only those of every Debian machine are known.",
			option,
		);
	let end = scanUnsigned(text, 0);
	const min = scannedNumber();
	if (end < 0 || min > GREATEST_ID) return refuse(text);
	let max = min;
	if (text.charAt(end) === "-" || text.charAt(end) === ":") {
		end = scanUnsigned(text, end + 1);
		max = scannedNumber();
	}
	if (end < text.length || max > GREATEST_ID) return refuse(text);
	return { min, max, inverted };
}
