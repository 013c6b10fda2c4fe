/**
 * The labels by which the lab finds again what it made. Containers inherit the labels of their image:
 * so images have keys of their own, or every container that somebody starts from one would pass for
 * a part of a lab.
 */

/** On containers: the run id of the lab that it belongs to. */
export const LAB_LABEL = "org.marktwin.lab";
/** On containers: what it is in its lab: `router`, `b1-mail`. */
export const ROLE_LABEL = "org.marktwin.role";
/** On containers: who removes it. */
export const OWNER_LABEL = "org.marktwin.owner";

/** On images: which of the lab's images it is: `mail`. */
export const IMAGE_LABEL = "org.marktwin.image";
/** On images: the hash of everything that it was made of. */
export const CONTENT_LABEL = "org.marktwin.content";
/** On images: where Debian came from, and where a registry gave it to us, which one it was. */
export const ROOT_LABEL = "org.marktwin.root";
