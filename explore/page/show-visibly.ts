import { type ComponentChildren, options, type VNode } from "preact";
import { visible } from "../../reports/wording.ts";

/** Attributes that a reader sees or hears. */
const SHOWN = ["title", "aria-label", "aria-valuetext", "placeholder"];

/**
 * From now on nothing is drawn that a reader cannot see, or sees as something else. What is played stays as it is:
 * the text in the editor, names that are sent to the workers.
 */
export function showVisibly(): void {
	const before = options.vnode;
	options.vnode = (vnode) => {
		if (typeof vnode.type === "string")
			showPropsVisibly(vnode as VNode<Record<string, unknown>>);
		before?.(vnode);
	};
}

function showPropsVisibly({ props }: VNode<Record<string, unknown>>): void {
	for (const name of SHOWN) {
		const value = props[name];
		if (typeof value === "string") props[name] = visible(value);
	}
	if (props.children !== undefined)
		props.children = shown(props.children) as ComponentChildren;
}

function shown(children: unknown): unknown {
	if (typeof children === "string") return visible(children);
	return Array.isArray(children) ? children.map(shown) : children;
}
