/** What the arguments of a command without bearing make of it: some let it run another, or assign a variable. */
import type { Field } from "./shell-state.ts";
import { textOf } from "./shell-state.ts";

/** Builtins in front of which an assignment lasts (POSIX.1-2017, Shell Command Language, 2.14). */
export function isSpecial(name: string): boolean {
	return /^(:|\.|eval|exec|exit|export|readonly|return|set|shift|times|trap|unset|break|continue)$/.test(
		name,
	);
}

type Check = (args: readonly Field[]) => string | null;

const RUNS = "which may run a command";

/** Any of these words makes a command of it that is not known. */
function unless(pattern: RegExp, why = RUNS): Check {
	return (args) => {
		const found = args.find(({ text }) => text !== null && pattern.test(text));
		return found === undefined ? null : `\`${found.text}\`, ${why}`;
	};
}

/** Evaluated as arithmetic or as an array's index: bash carries out a substitution in them. */
const evaluates: Check = (args) =>
	args.some(({ text }) => text !== null && /\$\(|`/.test(text))
		? `a substitution in quotes, ${RUNS}`
		: null;

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
	["awk", awk],
	["sed", sed],
	["find", find],
	...["cp", "mv", "ln", "rm", "chmod"].map((name): [string, Check] => [
		name,
		unless(
			/bin\/(xtables-[\w-]+|ip6?tables[\w-]*)$/,
			"which changes a program",
		),
	]),
	["sort", unless(/^--com/)],
	["tcpdump", unless(/^-\w*z|^--postrotate/)],
	["hash", unless(/^-\w*p/)],
	["ip", ip],
	["kill", kill],
	["set", set],
	["alias", unless(/=/)],
	["rmmod", unloads],
	["modprobe", (args) => (unloading(args) ? unloads(args) : null)],
	["service", service],
	["systemctl", service],
	["invoke-rc.d", service],
	["rc-service", service],
	["declare", declare],
	["local", declare],
	["typeset", declare],
	...["test", "[", "printf", "read", "unset", "let", "export"].map(
		(name): [string, Check] => [name, evaluates],
	),
]);

/** Why a command may run another or change rules by its arguments; to follow "holds". */
export function argumentReason(
	name: string,
	args: readonly Field[],
): string | null {
	return CHECKS.get(name)?.(args) ?? null;
}

/** The operand that is a program, and those of `-e`; `null` when one of them is not known. */
function programsOf(
	args: readonly Field[],
	withValue: RegExp,
): readonly string[] | null {
	const programs: string[] = [];
	let operand: Field | null = null;
	for (let at = 0; at < args.length; at++) {
		const text = args[at]?.text ?? null;
		if (text !== null && /^(-\w*e|--expression)$/.test(text)) {
			const next = args[++at]?.text ?? null;
			if (next === null) return null;
			programs.push(next);
		} else if (text !== null && withValue.test(text)) at++;
		else if (text === null || !text.startsWith("-"))
			operand ??= args[at] ?? null;
		else if (
			/^-\w*f|^--(file|expression|exec|load|include)|^-[iEl]./.test(text)
		)
			return null;
	}
	if (programs.length > 0 || operand === null) return programs;
	return operand.text === null ? null : [operand.text];
}

function awk(args: readonly Field[]): string | null {
	const programs = programsOf(args, /^-[vF]$/);
	if (programs === null)
		return "a program of awk that is known only when the script is run";
	return programs.some((it) => /system|getline|@|(?<!\|)\|(?!\|)/.test(it))
		? `a program of awk ${RUNS}`
		: null;
}

/** Commands of sed that run nothing: substitutions without `e`, and those of one letter. */
const SED_STEP =
	/[\s;}]*(?:(?:\d+|\$|\/(?:\\.|[^\\/])*\/)\s*(?:,\s*(?:[+~]?\d+|\$|\/(?:\\.|[^\\/])*\/)\s*)?!?\s*)?(?:\{|[pdqDNGHhgPnx=](?![\w])|[sy](?:([/|,#:@!%+_])(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1)[gpIi\d]*(?!\w)|$)[\s;}]*/y;

function sed(args: readonly Field[]): string | null {
	const isInPlace = args.some(({ text }) => /^-i|^--in-place/.test(text ?? ""));
	const programs = programsOf(
		isInPlace ? args.filter(({ text }) => !/^-i/.test(text ?? "")) : args,
		/^-l$/,
	);
	if (programs === null)
		return "a program of sed that is known only when the script is run";
	for (const program of programs) {
		let at = 0;
		while (at < program.length) {
			SED_STEP.lastIndex = at;
			const [step = ""] = SED_STEP.exec(program) ?? [];
			if (step === "") return `a program of sed ${RUNS}`;
			at += step.length;
		}
	}
	return null;
}

function find(args: readonly Field[]): string | null {
	const isOpen = args.some(
		({ text, word }) =>
			text === null &&
			word.parts.some(({ kind, quoted }) => kind !== "text" && !quoted),
	);
	return isOpen
		? "words for find that are known only when the script is run"
		: unless(/^-(exec|ok)(dir)?$/)(args);
}

/** `ip netns exec`, also shortened, and with words that are not known. */
function ip(args: readonly Field[]): string | null {
	const texts = args.map(({ text }) => text ?? "");
	const first = args.find(({ text }) => !text?.startsWith("-"));
	if (first?.text === null)
		return "words for ip that are known only when the script is run";
	const object = texts.findIndex((it) => /^(net?n?s?|vrf?)$/.test(it));
	return object >= 0 &&
		texts.slice(object + 1).some((it) => /^e(x(e(c)?)?)?$/.test(it))
		? `\`ip ${texts[object]} exec\`, which runs a command`
		: null;
}

function kill(args: readonly Field[]): string | null {
	const isOwn = args.some(
		({ text, word }) =>
			/^(0|-1)$/.test(text ?? "") ||
			word.parts.some(
				(part) =>
					part.kind === "variable" && /^(\$|BASHPID|PPID)$/.test(part.name),
			),
	);
	return isOwn && args[0]?.text !== "-0"
		? "`kill` of the script itself, which may end it"
		: null;
}

function set(args: readonly Field[]): string | null {
	const odd = args.find(({ text }) => /^[-+]\w*[enuo]/.test(text ?? "-e"));
	return odd === undefined
		? null
		: "`set`, which changes how the script goes on";
}

/** Without its module a table is gone, and its rules. */
function unloads(args: readonly Field[]): string | null {
	const found = args.find(({ text }) =>
		/^(ip|iptable|x|nf)[_-]?(tables|filter|nat|mangle|raw|security)|^nft/.test(
			text ?? "",
		),
	);
	return found === undefined
		? null
		: `the removal of ${found.text}, which takes its rules away`;
}

function unloading(args: readonly Field[]): boolean {
	return args.some(({ text }) => /^(-\w*r|--remove)/.test(text ?? ""));
}

const LOADS_RULES =
	/iptables|netfilter|nftables|firewall|ufw|ferm|shorewall|docker|libvirt|fail2ban|kube/;

function service(args: readonly Field[]): string | null {
	const texts = args.map(({ text }) => text ?? "");
	const found = texts.find((it) => LOADS_RULES.test(it));
	const acts = texts.some((it) =>
		/^(re|force-re|try-re)?(start|load)|^stop|^condrestart|^isolate|--now|^kill/.test(
			it,
		),
	);
	return found !== undefined && acts
		? `the service ${found}, which may change rules`
		: null;
}

function declare(args: readonly Field[]): string | null {
	const odd = args.find(({ text }) => /^[-+]\w*[ilnuc]/.test(text ?? ""));
	return odd === undefined
		? evaluates(args)
		: `\`${odd.text}\`, which changes what is assigned later`;
}

const NAME = /^[A-Za-z_]\w*/;

/** The variables that a builtin assigns; `null` when only a run would tell which. */
export function assignedNames(
	name: string,
	args: readonly Field[],
): readonly string[] | null {
	if (name === "printf") {
		const at = args.findIndex(({ text }) => /^-v/.test(text ?? ""));
		if (at < 0) return [];
		const given = args[at]?.text === "-v" ? args[at + 1]?.text : args[at]?.text;
		const found = NAME.exec((given ?? "").replace(/^-v/, ""))?.[0];
		return found === undefined ? null : [found];
	}
	if (name === "getopts") {
		const found = NAME.exec(args[1]?.text ?? "")?.[0];
		return found === undefined ? null : [found, "OPTARG", "OPTIND"];
	}
	if (name === "let")
		return args.flatMap(({ text }) => text?.match(/[A-Za-z_]\w*/g) ?? []);
	if (name === "wait")
		return args.flatMap(({ text }) => NAME.exec(text ?? "")?.[0] ?? []);
	if (!/^(read|unset|export|readonly|declare|local|typeset)$/.test(name))
		return [];
	const names: string[] = name === "read" ? ["REPLY"] : [];
	for (const [index, { text, word }] of args.entries()) {
		const before = args[index - 1]?.text ?? "";
		if (name === "read" && /^-\w*[pdtnNiu]$/.test(before)) continue;
		const array = name === "read" ? /^-\w*a(\w+)$/.exec(text ?? "")?.[1] : null;
		const found = array ?? NAME.exec(text ?? textOf(word))?.[0];
		if (found !== undefined) names.push(found);
		else if (text === null) return null;
	}
	return names;
}
