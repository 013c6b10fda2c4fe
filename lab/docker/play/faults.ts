/** A scenario's words for what backends do, done to containers. */
import { isDeepStrictEqual } from "node:util";
import type { BackendBehaviour } from "../../../sim/endpoint/backend.ts";
import { LabError } from "../../lab-error.ts";
import type { BackendService } from "../backend-services.ts";
import { execIn } from "../engine/exec.ts";
import type { Lab } from "../lab.ts";
import { type Manner, USUAL_MANNER } from "../programs/server-plan.ts";

/** Postfix waits 100 s for the answer that keeps it (`DICT_TCP_TMOUT`, src/global/dict_tcp.c), and then gives the client up. */
const SLOWEST_MS = 90_000;
/** What it waits for, in seconds; `slow-mail` reads it for every answer. */
const DELAY_FILE = "/run/mail-delay";
/** What `server.mjs` reads at SIGHUP. */
const MANNER_FILE = "/run/manner.json";

/**
 * Why a behaviour cannot be had in containers; `null` when it can.
 * @param isMail the backend has a mail server
 */
export function whyNotFault(
	behaviour: BackendBehaviour,
	isMail: boolean,
): string | null {
	if (!isMail) return null;
	if (behaviour.kind === "unavailable")
		return "a real mail server does not turn all of its clients away with 421 at a word";
	return behaviour.kind === "slow" && behaviour.delayMs > SLOWEST_MS
		? `a mail server cannot be made slower than by ${SLOWEST_MS / 1000} s`
		: null;
}

/**
 * Makes a backend behave so, from whatever it did before.
 * @throws LabError, also for a behaviour that cannot be had
 */
export async function makeBackend(
	lab: Lab,
	backend: string,
	{
		from,
		to,
	}: { readonly from: BackendBehaviour; readonly to: BackendBehaviour },
): Promise<void> {
	const services = lab.servicesOn(backend);
	const why = whyNotFault(
		to,
		services.some(({ kind }) => kind === "mail"),
	);
	if (why !== null)
		throw new LabError({
			code: "unsupported",
			place: `${backend}: ${to.kind}`,
			message: why,
			remedy: "Play it on the model, or on a kernel in a virtual machine.",
		});
	// A process that is stuck is so either way, and another figure takes the place of the one before.
	const isSameKind = from.kind === to.kind;
	if (isDeepStrictEqual(from, to) || (isSameKind && to.kind === "hang")) return;
	if (!isSameKind) await undo(lab, backend, from);
	await apply(lab, backend, to);
}

async function apply(
	lab: Lab,
	backend: string,
	to: BackendBehaviour,
): Promise<void> {
	const services = lab.servicesOn(backend);
	const all = services.map(({ role }) => lab.containers.get(role));
	switch (to.kind) {
		case "up":
			return;
		case "refuse":
			await Promise.all(all.map((one) => one.kill()));
			return;
		case "hang":
			// Its kernel goes on taking connections until the backlog is full, and datagrams until the socket is.
			await Promise.all(all.map((one) => one.pause()));
			return;
		case "vanish":
			await lab.plug(backend, false);
			return;
		case "silent":
			await filter(lab, backend, losing(1));
			return;
		case "lossy":
			await filter(lab, backend, losing(to.loss));
			return;
		case "drain":
			await filter(lab, backend, refusing(services));
			await behave(lab, services, { isDraining: true });
			return;
		case "slow":
			await slowDown(lab, services, to.delayMs);
			return;
		case "unavailable":
			await behave(lab, services, { isUnavailable: true });
			return;
	}
}

async function undo(
	lab: Lab,
	backend: string,
	from: BackendBehaviour,
): Promise<void> {
	const services = lab.servicesOn(backend);
	const all = services.map(({ role }) => lab.containers.get(role));
	switch (from.kind) {
		case "up":
			return;
		case "refuse":
			await lab.startServices(backend);
			return;
		case "hang":
			await Promise.all(all.map((one) => one.unpause()));
			return;
		case "vanish":
			await lab.plug(backend, true);
			return;
		case "silent":
		case "lossy":
			await filter(lab, backend, []);
			return;
		case "drain":
			await filter(lab, backend, []);
			await behave(lab, services, {});
			return;
		case "slow":
			await slowDown(lab, services, 0);
			return;
		case "unavailable":
			await behave(lab, services, {});
			return;
	}
}

/** New connections get a RST, and those that stand are served. */
function refusing(services: readonly BackendService[]): readonly string[] {
	return services
		.flatMap(({ ports }) => ports)
		.map(
			(port) =>
				`INPUT -i eth0 -p tcp --dport ${port} --syn -j REJECT --reject-with tcp-reset`,
		);
}

/**
 * Everything but ARP, which iptables never sees. What is dropped on its way out is an error to whoever
 * sends it, and Linux forgets a handshake over it (`reqsk_timer_handler`). A packet that waits in a queue of
 * which no program takes is gone without a word, as on a wire.
 */
function losing(loss: number): readonly string[] {
	const lose = `-m statistic --mode random --probability ${loss} -j NFQUEUE`;
	return [`INPUT -i eth0 ${lose}`, `OUTPUT -o eth0 ${lose}`];
}

/** Gives the backend's own network these rules and no others; the host's are not looked at. */
async function filter(
	lab: Lab,
	backend: string,
	rules: readonly string[],
): Promise<void> {
	const { State } = await lab.containers.get(backend).inspect();
	const inside = `nsenter -t ${State.Pid} -n`;
	await lab.wire(
		[
			"set -e",
			// The newer one where the host's kernel has no tables for the older one.
			"iptables=iptables-legacy",
			`${inside} $iptables -S >/dev/null 2>&1 || iptables=iptables-nft`,
			`${inside} $iptables -w -F`,
			...rules.map((rule) => `${inside} $iptables -w -A ${rule}`),
		].join("\n"),
	);
}

async function slowDown(
	lab: Lab,
	services: readonly BackendService[],
	delayMs: number,
): Promise<void> {
	for (const { kind, role } of services)
		if (kind === "mail")
			await mustRun(lab, role, `echo ${delayMs / 1000} > ${DELAY_FILE}`);
	await behave(lab, services, { delayMs });
}

/** From now on the programs behave like this, and as usual in everything else. */
async function behave(
	lab: Lab,
	services: readonly BackendService[],
	how: Partial<Manner>,
): Promise<void> {
	const manner = JSON.stringify({ ...USUAL_MANNER, ...how });
	for (const { kind, role } of services)
		if (kind === "programs")
			await mustRun(
				lab,
				role,
				`echo '${manner}' > ${MANNER_FILE}; kill -HUP 1`,
			);
}

async function mustRun(lab: Lab, role: string, line: string): Promise<void> {
	const { code, err } = await execIn(lab.containers.get(role), [
		"sh",
		"-ec",
		line,
	]);
	if (code !== 0)
		throw new LabError({
			code: "start",
			place: `${role}: ${line}`,
			message: err.trim(),
			remedy: "",
		});
}
