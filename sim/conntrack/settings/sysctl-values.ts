/** Limits that settings of the kernel share. */
export const INT_MIN = -0x80000000;
export const INT_MAX = 0x7fffffff;
/** Kernel ticks per second: CONFIG_HZ of Debian's kernels. */
export const HZ = 250;
/** `proc_dointvec_jiffies` refuses what would overflow as jiffies. */
export const MAX_SECONDS = Math.floor(INT_MAX / HZ);
