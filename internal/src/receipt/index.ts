// Receipts: made of a run's history, written as a file, and checked without asking anybody.
export { approvalsOf, makeReceipt } from "./make-receipt.js";
export { type Receipt, readReceipt, receiptText } from "./receipt.js";
export { receiptFaults } from "./verify-receipt.js";
