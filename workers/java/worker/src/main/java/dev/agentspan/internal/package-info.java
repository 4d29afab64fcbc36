/** What the SDK's packages share. Nothing here is for programs: it changes without notice. */
package dev.agentspan.internal;
