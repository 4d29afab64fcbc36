/** Whose signatures count, and receipts of approved calls, checked without asking anybody. */
package dev.agentspan.signing;
