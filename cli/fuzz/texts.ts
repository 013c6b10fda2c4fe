/** The texts of a fuzz, shared among the machines in handfuls. */
import { isLostMachine } from "../../lab/lab-error.ts";
import type { Machine } from "../../lab/vm/machine/machine.ts";
import {
	createTextOracle,
	type GuestTextOracle,
} from "../../lab/vm/text-oracle.ts";
import type { VmDriver } from "../../lab/vm/vm-driver.ts";
import { compareText } from "../../scenarios/fuzz/text/compare-text.ts";
import {
	addTextCoverage,
	noTextCoverage,
} from "../../scenarios/fuzz/text/coverage.ts";
import {
	fuzzTexts,
	type LostText,
	type TextFinding,
	type TextFuzzAccount,
	textAt,
} from "../../scenarios/fuzz/text/fuzz-text.ts";
import type { TextOracle } from "../../scenarios/fuzz/text/oracle.ts";
import { withoutNames } from "../../scenarios/fuzz/text/without-names.ts";
import type { Linux } from "../../sim/linux/linux.ts";
import type { Shard } from "../options/read-option.ts";

export interface TextOptions {
	readonly seed: number;
	/** Which one the machines are. */
	readonly linux: Linux;
	/** Texts; as many as there is time for, when there is a limit. */
	readonly runs: number;
	readonly limitMs: number;
	readonly shard: Shard | null;
	/** This text alone, as a finding names it. */
	readonly path: string | null;
	readonly drivers: readonly VmDriver[];
	/** What iptables takes for chains: lines that name it are left out. */
	readonly takenForChains: readonly string[];
	readonly shrinkMs: number;
	readonly onTexts: (texts: number) => void;
	readonly onFinding: (finding: TextFinding) => void;
	readonly onLost: (lost: LostText) => void;
}

const HANDFUL = 50;

/** @throws LabError */
export async function playTexts(
	options: TextOptions,
): Promise<TextFuzzAccount> {
	const { seed, drivers, shrinkMs, onFinding, onLost } = options;
	const account: TextFuzzAccount = {
		seed,
		texts: 0,
		coverage: noTextCoverage(),
		findings: [],
		lost: [],
	};
	if (options.path !== null) return playText(options.path, account, options);
	const deadline = performance.now() + options.limitMs;
	const handfuls = handfulsOf(options);
	const work = async (driver: VmDriver) => {
		const asked = oracleOn(driver, options.linux);
		while (performance.now() < deadline) {
			const { value, done } = handfuls.next();
			if (done) break;
			const some = await fuzzTexts({
				seed,
				oracle: asked.oracle,
				shrinkMs,
				names: options.takenForChains,
				isLoss: isLostMachine,
				onFinding,
				onLost,
				...value,
			});
			account.texts += some.texts;
			account.findings.push(...some.findings);
			account.lost.push(...some.lost);
			addTextCoverage(account.coverage, some.coverage);
			options.onTexts(account.texts);
		}
		await asked.close();
	};
	await Promise.all(drivers.map(work));
	return account;
}

async function playText(
	path: string,
	account: TextFuzzAccount,
	{ seed, linux, drivers, takenForChains, onFinding, onLost }: TextOptions,
): Promise<TextFuzzAccount> {
	const [driver] = drivers;
	if (driver === undefined) return account;
	try {
		const oracle = await oracleOn(driver, linux).oracle();
		const text = withoutNames(textAt(seed, path), takenForChains);
		const difference = await compareText(text, oracle);
		account.texts++;
		if (difference === null) return account;
		account.findings.push({ path, difference });
		onFinding({ path, difference });
	} catch (error) {
		if (!isLostMachine(error)) throw error;
		account.lost.push({ path, error });
		onLost({ path, error });
	}
	return account;
}

/** On the machine that the driver has by then; closed before rulesets are played there. */
function oracleOn(
	driver: VmDriver,
	linux: Linux,
): {
	readonly oracle: () => Promise<TextOracle>;
	readonly close: () => Promise<void>;
} {
	let machine: Machine | null = null;
	let oracle: GuestTextOracle | null = null;
	return {
		async oracle() {
			const now = await driver.start();
			if (oracle === null || now !== machine) {
				machine = now;
				oracle = await createTextOracle(now, linux);
			}
			return oracle;
		},
		async close() {
			if (oracle !== null && machine?.failure === null) await oracle.close();
		},
	};
}

function* handfulsOf({
	runs,
	shard,
}: TextOptions): Generator<
	{ readonly from: number; readonly runs: number },
	void
> {
	const { index, total } = shard ?? { index: 1, total: 1 };
	for (let from = (index - 1) * HANDFUL; from < runs; from += total * HANDFUL)
		yield { from, runs: Math.min(HANDFUL, runs - from) };
}
