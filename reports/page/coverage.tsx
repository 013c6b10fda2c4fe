import type { ComponentChildren } from "preact";
import type { CoverageView } from "../contract/report.ts";
import { number } from "./parts/format.ts";
import { Scrolls } from "./parts/scrolls.tsx";

type GridView = CoverageView & { readonly kind: "grid" };
type ListView = CoverageView & { readonly kind: "list" };

/** Named at once; more of them are folded away, since the tables show them. */
const MOST_NAMED = 12;

/** What was met, and how often: grids first, since they show most. */
export function Coverage({
	coverage,
}: {
	readonly coverage: readonly CoverageView[];
}) {
	const grids = coverage.filter((one): one is GridView => one.kind === "grid");
	const lists = coverage.filter((one): one is ListView => one.kind === "list");
	return (
		<>
			<Legend />
			<div class="coverage">
				{grids.map((grid) => (
					<Part key={grid.title} coverage={grid}>
						<Grid grid={grid} />
						<Holes holes={grid.holes} />
					</Part>
				))}
			</div>
			<div class="coverage lists">
				{lists.map((list) => (
					<Part key={list.title} coverage={list}>
						<List list={list} />
					</Part>
				))}
			</div>
		</>
	);
}

function Part({
	coverage,
	children,
}: {
	readonly coverage: CoverageView;
	readonly children: ComponentChildren;
}) {
	const { title, about, total, holes } = coverage;
	return (
		<section>
			<h3>
				{title}{" "}
				<small class={holes.length > 0 ? "short" : "label"}>
					{number(total - holes.length)} of {number(total)} met
				</small>
			</h3>
			<p class="remark">{about}</p>
			{children}
		</section>
	);
}

/** How often something was met, by powers of ten. */
const SHADES = ["1 to 9", "10 …", "100 …", "1,000 …", "10,000 and more"];

function shadeOf(times: number): string {
	if (times === 0) return "hole";
	const power = Math.floor(Math.log10(times));
	return `shade-${Math.min(power, SHADES.length - 1)}`;
}

function Legend() {
	return (
		<p class="shades" aria-hidden="true">
			met
			<span class="hole">never</span>
			{SHADES.map((words, power) => (
				<span key={words} class={`shade-${power}`}>
					{words}
				</span>
			))}
			times <span class="never">cannot be</span>
		</p>
	);
}

function Grid({ grid }: { readonly grid: GridView }) {
	const { title, axes, columns, rows } = grid;
	return (
		<Scrolls label={title} isWhole>
			<table class="grid">
				<thead>
					<tr>
						<th scope="col">{axes[0]}</th>
						{columns.map((column) => (
							<th key={column} scope="col">
								{column}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.map(({ name, times }) => (
						<tr key={name}>
							<th scope="row">{name}</th>
							{times.map((many, index) => (
								<Cell key={index} times={many} />
							))}
						</tr>
					))}
				</tbody>
			</table>
		</Scrolls>
	);
}

function Cell({ times }: { readonly times: number | null }) {
	if (times === null)
		return (
			<td class="never" title="cannot be">
				<span class="unseen">cannot be</span>
			</td>
		);
	return (
		<td class={shadeOf(times)}>
			{times === 0 ? (
				<>
					<span aria-hidden="true">✗</span>
					<span class="unseen">not met</span>
				</>
			) : (
				number(times)
			)}
		</td>
	);
}

function Holes({ holes }: { readonly holes: readonly string[] }) {
	if (holes.length === 0) return null;
	const named = <span class="holes">{holes.join(", ")}</span>;
	if (holes.length <= MOST_NAMED) return <p>Not met: {named}</p>;
	return (
		<details>
			<summary>the {number(holes.length)} that were not met</summary>
			{named}
		</details>
	);
}

/** What was not met comes first: there something is to do. */
function List({ list }: { readonly list: ListView }) {
	const rows = [...list.holes.map((what) => ({ what, times: 0 })), ...list.met];
	return (
		<Scrolls label={list.title}>
			<table class="list">
				<thead>
					<tr>
						<th scope="col">what</th>
						<th scope="col">times</th>
					</tr>
				</thead>
				<tbody>
					{rows.map(({ what, times }) => (
						<tr key={what}>
							<th scope="row" class={times === 0 ? "short" : ""}>
								{what}
							</th>
							<Cell times={times} />
						</tr>
					))}
				</tbody>
			</table>
		</Scrolls>
	);
}
