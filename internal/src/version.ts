/** Of our services; told with their traces. */
export const VERSION = "0.1.0";
