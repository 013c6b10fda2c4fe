/** How QEMU is called. */
import type { Backend } from "../../../sim/linux/linux.ts";
import { findProgram } from "../../execute.ts";
import type { Image } from "../image/image.ts";
import { GATEWAY_MAC } from "../wire/ethernet.ts";
import type { Accelerator } from "./accelerator.ts";
import { inOption } from "./qemu-option.ts";

export interface QemuOptions {
	readonly image: Image;
	readonly backend: Backend;
	readonly accelerator: Accelerator;
	readonly memoryMb: number;
	/** Sockets that the harness listens on. */
	readonly trunk: string;
	readonly agent: string;
	/** What the guest prints on its console. */
	readonly console: string;
}

/**
 * An oops ends the machine, so that nothing is believed that a broken kernel says. `ipv6.disable`
 * keeps it from soliciting on its own. The stall detectors count jiffies, which the harness moves. The last
 * line leaves out what watches over programs and memory, of which a gateway has next to none.
 */
const KERNEL_WORDS = [
	"console=ttyS0 quiet panic=-1 oops=panic mitigations=off ipv6.disable=1",
	"rcupdate.rcu_cpu_stall_suppress=1 workqueue.watchdog_thresh=0 nowatchdog",
	"random.trust_cpu=on tsc=reliable no_timer_check",
	"psi=0 cgroup_disable=memory lsm=capability audit=0 init_on_alloc=0 hardened_usercopy=off",
].join(" ");

/**
 * Everything that QEMU can translate, but for what is quick on silicon only: string instructions that go
 * octet by octet (the kernel clears pages with them where they are said to be fast), and a fifth level
 * of page tables.
 */
const TRANSLATED_CPU = "max,erms=off,fsrm=off,la57=off";

export interface MachineParts {
	readonly kernelFile: string;
	readonly initrdFile: string;
	readonly accelerator: Accelerator;
	readonly memoryMb: number;
	/** Which program `iptables` is in the guest. */
	readonly backend: Backend;
	/** Added to the kernel's command line. */
	readonly kernelWords?: string;
}

/** What all machines have in common: no devices but those that are named behind it. */
export function machineWords(parts: MachineParts): readonly string[] {
	const { accelerator, backend, kernelWords } = parts;
	return [
		"-nodefaults",
		"-no-user-config",
		"-nographic",
		"-no-reboot",
		"-M",
		"q35",
		"-smp",
		"1",
		"-m",
		`${parts.memoryMb}`,
		...(accelerator === "kvm"
			? ["-accel", "kvm", "-cpu", "host"]
			: ["-accel", "tcg,thread=multi", "-cpu", TRANSLATED_CPU]),
		"-kernel",
		parts.kernelFile,
		"-initrd",
		parts.initrdFile,
		"-append",
		[
			KERNEL_WORDS,
			...(kernelWords ? [kernelWords] : []),
			// The kernel hands what it does not know to the agent, as its environment.
			`IPTABLES=${backend}`,
		].join(" "),
		"-device",
		"virtio-serial-pci",
	];
}

/** Program and arguments: QEMU, ended by the kernel when this process ends. */
export function qemuCommand(options: QemuOptions): readonly string[] {
	const { image, backend, accelerator, memoryMb } = options;
	const { kernelFile, initrdFile } = image;
	const mac = [...GATEWAY_MAC]
		.map((octet) => octet.toString(16).padStart(2, "0"))
		.join(":");
	return [
		findProgram("setpriv") ?? "setpriv",
		"--pdeathsig",
		"KILL",
		findProgram("qemu-system-x86_64") ?? "qemu-system-x86_64",
		...machineWords({
			kernelFile,
			initrdFile,
			backend,
			accelerator,
			memoryMb,
		}),
		"-chardev",
		`file,id=console,path=${inOption(options.console)}`,
		"-serial",
		"chardev:console",
		"-chardev",
		`socket,id=agent,path=${inOption(options.agent)}`,
		"-device",
		"virtserialport,chardev=agent,name=agent",
		"-netdev",
		`stream,id=trunk,server=off,addr.type=unix,addr.path=${inOption(options.trunk)}`,
		// No offloads: what comes out is what a wire would carry, checksums and all. No control queue: the
		// guest would tell of every VLAN, and wait for an answer each time.
		"-device",
		[
			`virtio-net-pci,netdev=trunk,mac=${mac},csum=off,guest_csum=off,gso=off`,
			"ctrl_vq=off,ctrl_rx=off,ctrl_rx_extra=off,ctrl_vlan=off,ctrl_mac_addr=off",
			"ctrl_guest_offloads=off,guest_announce=off,romfile=",
		].join(","),
	];
}
