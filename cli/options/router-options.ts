/** What `--kernel` takes where routers are containers. */
export const KERNEL_HELP = `In containers, --kernel may also be host (the router is a network namespace on this
machine's kernel), vm (its kernel is a virtual machine's) or auto, the default: the
host's where it can load xt_condition or the rules name no condition, else a virtual
machine's.
`;
