/** What `marktwin lab doctor` says. */
import {
	examine,
	mayUseKvm,
	type Purpose,
	remedyFor,
} from "../../lab/doctor.ts";
import {
	examineImage,
	findImage,
	otherImages,
} from "../../lab/vm/image/image.ts";
import { whyNotKvm } from "../../lab/vm/machine/accelerator.ts";
import type { Paint } from "../screen/terminal.ts";
import {
	containerLines,
	imageLines,
	type SayFound,
} from "./container-diagnosis.ts";

const PURPOSES: readonly (readonly [Purpose, string])[] = [
	["vm", "To run virtual machines"],
	["build", "To build their image (marktwin lab build)"],
	["docker", "To run containers (marktwin lab up, run --on docker)"],
	["browser", "To test the report's pages"],
];

/** Everything that was looked for, by what it is for, and the command that gets what is missing. */
export async function diagnosis(paint: Paint): Promise<{
	readonly text: string;
	/** Virtual machines can be run. */
	readonly isWell: boolean;
}> {
	const line: SayFound = (found, name) =>
		found === null
			? `  ${paint("red", "missing")}  ${name}`
			: `  ${paint("green", "ok")}       ${name}: ${found}`;
	const lines: string[] = [];
	for (const [purpose, title] of PURPOSES) {
		lines.push(paint("bold", title));
		if (purpose === "docker") lines.push(...(await containerLines(line)));
		else {
			const findings = examine([purpose]);
			for (const { need, found } of findings)
				lines.push(line(found, need.name));
			const remedy = remedyFor(findings);
			if (remedy !== "") lines.push(`  → ${remedy}`);
			if (purpose === "vm") lines.push(...machineLines(line));
		}
		lines.push("");
	}
	const isWell = remedyFor(examine(["vm"])) === "" && findImage() !== null;
	return { text: lines.join("\n").trimEnd(), isWell };
}

function machineLines(line: SayFound): readonly string[] {
	const found = examineImage();
	const why = whyNotKvm();
	const kvm = !mayUseKvm()
		? "not for this user, or not there: QEMU translates, which is slower"
		: why === ""
			? "there"
			: `there, and left alone since it did not work (${why}): QEMU translates, which is slower`;
	return [
		...imageLines(found, line, "an image"),
		...otherLines(),
		`           KVM: ${kvm}`,
	];
}

/** Images of other Linuxes, which lie side by side. */
function otherLines(): readonly string[] {
	const { built, outdated } = otherImages();
	return [
		...(built.length === 0 ? [] : [`more images: ${built.join(", ")}`]),
		...(outdated.length === 0
			? []
			: [
					`images of another marktwin, to be built again: ${outdated.join(", ")}`,
				]),
	].map((text) => `           ${text}`);
}
