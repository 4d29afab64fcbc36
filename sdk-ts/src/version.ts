/** Of this package; told when a worker registers. */
export const SDK_VERSION = "0.1.0";
