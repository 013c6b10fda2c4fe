/** Finds out what the host's kernel can do, without looking at the host's own tables. */
import type Docker from "dockerode";
import { LAB_LABEL, OWNER_LABEL } from "../resources/labels.ts";
import { thisProcess } from "../resources/owner.ts";
import { runOnce } from "../resources/run-once.ts";
import type { HostKernel } from "./router-kernel.ts";

/** The only way to know that a match is there is to load a rule with it: in a namespace that is gone after it. */
const TRY = [
	"iptables-legacy",
	"-A",
	"OUTPUT",
	"-m",
	"condition",
	"--condition",
	"marktwin",
];

/**
 * @param image of a router on the host's kernel
 * @throws LabError when no container can be started
 */
export async function probeHostKernel(
	docker: Docker,
	image: string,
): Promise<HostKernel> {
	const { KernelVersion: release } = (await docker.info()) as {
		readonly KernelVersion: string;
	};
	const { code } = await runOnce(docker, {
		image,
		words: TRY,
		capabilities: ["NET_ADMIN", "NET_RAW"],
		labels: {
			[LAB_LABEL]: `probe-${process.pid}`,
			[OWNER_LABEL]: thisProcess(),
		},
	});
	return { release, hasCondition: code === 0 };
}
