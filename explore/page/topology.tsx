import { useEffect, useState } from "preact/hooks";
import { colourClass } from "../../reports/page/parts/colours.ts";
import { number } from "../../reports/page/parts/format.ts";
import type { BackendBehaviour } from "../../sim/endpoint/backend.ts";
import type { SeenPacket } from "../engine/exploration.ts";
import type { ToPlay } from "../engine/messages.ts";
import type { BackendView, View } from "../engine/view.ts";

/** Hosts of a side that are drawn; more are counted. */
const MOST_DRAWN = 10;
const ROW_PX = 54;
/** Pixels of the picture, of a host and of the gateway in it, and characters that fit into a host. */
interface Sizes {
	readonly width: number;
	readonly host: number;
	readonly gateway: number;
	readonly letters: number;
}
const WIDE: Sizes = { width: 620, host: 176, gateway: 96, letters: 21 };
const NARROW: Sizes = { width: 340, host: 118, gateway: 64, letters: 16 };
const NARROW_QUERY = "(max-width: 700px)";

function useSizes(): Sizes {
	const [isNarrow, setIsNarrow] = useState(matchMedia(NARROW_QUERY).matches);
	useEffect(() => {
		const query = matchMedia(NARROW_QUERY);
		const listen = () => setIsNarrow(query.matches);
		query.addEventListener("change", listen);
		return () => query.removeEventListener("change", listen);
	}, []);
	return isNarrow ? NARROW : WIDE;
}

const BEHAVIOURS: readonly {
	readonly kind: BackendBehaviour["kind"];
	readonly about: string;
}[] = [
	{ kind: "up", about: "serves" },
	{ kind: "refuse", about: "refuses (RST): nothing listens" },
	{ kind: "vanish", about: "has vanished: no ARP" },
	{ kind: "silent", about: "is silent: nothing gets through" },
	{ kind: "hang", about: "hangs" },
	{ kind: "unavailable", about: "turns clients away" },
	{ kind: "drain", about: "drains: no new connections" },
];

/** Clients, the gateway and backends, with what goes between them; and switches for what may change. */
export function Topology({
	view,
	packet,
	say,
}: {
	readonly view: View | null;
	readonly packet: SeenPacket | null;
	readonly say: (message: ToPlay) => void;
}) {
	if (view === null) return <p class="remark">The hosts are set up …</p>;
	return (
		<>
			<Picture view={view} packet={packet} />
			<div class="switches">
				<Conditions view={view} say={say} />
				<Backends view={view} say={say} />
			</div>
		</>
	);
}

interface Place {
	readonly name: string;
	readonly address: string;
	readonly y: number;
}

function placed(
	hosts: readonly { readonly name: string; readonly address: string }[],
	height: number,
): readonly Place[] {
	const shown = hosts.slice(0, MOST_DRAWN);
	const top = (height - shown.length * ROW_PX) / 2;
	return shown.map(({ name, address }, index) => {
		return { name, address, y: top + (index + 0.5) * ROW_PX };
	});
}

function Picture({
	view,
	packet,
}: {
	readonly view: View;
	readonly packet: SeenPacket | null;
}) {
	const { clients, backends, total } = view;
	const sizes = useSizes();
	const { width: wide, host, gateway } = sizes;
	const gate = (wide - gateway) / 2;
	const rows = Math.min(
		MOST_DRAWN,
		Math.max(clients.length, backends.length, 2),
	);
	const height = rows * ROW_PX + 20;
	const left = placed(clients, height);
	const right = placed(backends, height);
	const ends = packet === null ? [] : endsOf(packet);
	const isOn = ({ address }: Place) => ends.includes(address);
	const said = backends
		.map((one) => `${one.name} (${one.behaviour}) ${one.given}`)
		.join(", ");
	return (
		<svg
			viewBox={`0 0 ${wide} ${height}`}
			role="img"
			aria-label={`${clients.length} clients, the gateway, and ${backends.length} backends with their connections: ${said}`}
		>
			{left.map((place) => (
				<g key={place.name}>
					<path
						class={isOn(place) ? "link on" : "link"}
						d={curve(host, place.y, gate, height / 2)}
					/>
					<Host place={place} x={0} kind="client" sizes={sizes} />
				</g>
			))}
			{right.map((place, index) => {
				const backend = backends[index] as BackendView;
				const width = total === 0 ? 0 : (backend.given / total) * 14;
				const path = curve(gate + gateway, height / 2, wide - host, place.y);
				return (
					<g key={place.name} class={colourClass(index)}>
						<path class="link" d={path} />
						{width > 0 && (
							<path
								class="flow"
								d={path}
								style={{ strokeWidth: `${Math.max(1.5, width)}px` }}
							/>
						)}
						{isOn(place) && <path class="link on" d={path} />}
						<Host
							place={place}
							x={wide - host}
							sizes={sizes}
							kind={backend.behaviour === "up" ? "up" : "down"}
						/>
						{backend.given > 0 && (
							<text class="given" x={wide - 10} y={place.y - 5}>
								{number(backend.given)}
							</text>
						)}
					</g>
				);
			})}
			<rect
				class="gateway"
				x={gate}
				y={height / 2 - 32}
				width={gateway}
				height={64}
				rx={8}
			/>
			<text class="gateway-name" x={wide / 2} y={height / 2 - 2}>
				gateway
			</text>
			<text class="gateway-about" x={wide / 2} y={height / 2 + 16}>
				{number(total)}
			</text>
			{backends.length > MOST_DRAWN && (
				<text class="more" x={wide - host} y={height - 3}>
					… and {backends.length - MOST_DRAWN} more
				</text>
			)}
		</svg>
	);
}

function Host({
	place: { name, address, y },
	x,
	kind,
	sizes: { host, letters },
}: {
	readonly place: Place;
	readonly x: number;
	readonly kind: "client" | "up" | "down";
	readonly sizes: Sizes;
}) {
	return (
		<g class={`host ${kind}`}>
			<title>{`${name} ${address}`}</title>
			<rect x={x} y={y - 21} width={host} height={42} rx={6} />
			<text class="name" x={x + 12} y={y - 4}>
				{short(name, letters)}
			</text>
			<text class="address" x={x + 12} y={y + 13}>
				{short(address, letters)}
			</text>
			{kind === "down" && (
				<path
					class="cross"
					d={`M${x + host - 24} ${y + 2} l12 12 m0 -12 l-12 12`}
				/>
			)}
		</g>
	);
}

function short(text: string, most: number): string {
	return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function curve(x: number, y: number, toX: number, toY: number): string {
	const middle = (x + toX) / 2;
	return `M${x} ${y} C${middle} ${y} ${middle} ${toY} ${toX} ${toY}`;
}

/** The addresses between which a packet goes, before and after its translation. */
function endsOf({ in: came, out }: SeenPacket): readonly string[] {
	return [came, ...out].flatMap(({ packet }) =>
		[...packet.matchAll(/(\d+\.\d+\.\d+\.\d+)/g)].map(([address]) => address),
	);
}

function Conditions({
	view,
	say,
}: {
	readonly view: View;
	readonly say: (message: ToPlay) => void;
}) {
	const conditions = Object.entries(view.conditions);
	if (conditions.length === 0) return null;
	return (
		<fieldset>
			<legend>Conditions</legend>
			{conditions.map(([name, value]) => (
				<button
					key={name}
					type="button"
					role="switch"
					aria-checked={value === 1}
					disabled={view.unknown !== null}
					onClick={() =>
						say({
							kind: "act",
							step: {
								kind: "operation",
								operation: {
									kind: "condition",
									name,
									write: value === 1 ? "0" : "1",
								},
							},
						})
					}
				>
					<span class="track" />
					{name} = {value}
				</button>
			))}
		</fieldset>
	);
}

function Backends({
	view,
	say,
}: {
	readonly view: View;
	readonly say: (message: ToPlay) => void;
}) {
	const become = (backend: string, becomes: BackendBehaviour) =>
		say({ kind: "act", step: { kind: "backend", backend, becomes } });
	if (view.backends.length === 0) return null;
	return (
		<fieldset>
			<legend>Backends</legend>
			{view.backends.map(({ name, behaviour }) => (
				<span key={name} class="backend">
					<button
						type="button"
						role="switch"
						aria-checked={behaviour === "up"}
						aria-label={`${name} serves`}
						disabled={view.unknown !== null}
						onClick={() =>
							become(name, { kind: behaviour === "up" ? "vanish" : "up" })
						}
					>
						<span class="track" />
						{name}
					</button>
					<select
						aria-label={`How ${name} behaves`}
						value={behaviour}
						disabled={view.unknown !== null}
						onChange={(event) => {
							const kind = event.currentTarget.value;
							become(
								name,
								(kind === "hang"
									? { kind, accept: false }
									: { kind }) as BackendBehaviour,
							);
						}}
					>
						{BEHAVIOURS.map(({ kind, about }) => (
							<option key={kind} value={kind}>
								{about}
							</option>
						))}
						{BEHAVIOURS.every(({ kind }) => kind !== behaviour) && (
							<option value={behaviour}>{behaviour}</option>
						)}
					</select>
				</span>
			))}
		</fieldset>
	);
}
