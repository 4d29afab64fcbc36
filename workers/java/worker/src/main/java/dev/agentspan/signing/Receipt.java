package dev.agentspan.signing;

import dev.agentspan.internal.Digests;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What was approved, by whom, what a worker was allowed to run for it, and what became of it. Each part has the
 * signature of the orchestrator that stored it.
 *
 * @param arguments RFC 8785 text: what ran
 * @param votes those before the one that decided, where several were required
 */
public record Receipt(
    String arguments, List<SignedPart> votes, SignedPart decision, SignedPart grant, SignedPart outcome) {
  private static final Set<String> APPROVING = Set.of("approved", "run_again");

  public Receipt {
    votes = List.copyOf(votes);
  }

  /** The receipt of a file's text; empty where it is none, or not in the one form of one. */
  public static Optional<Receipt> read(String text) {
    return ReceiptText.read(text);
  }

  /** What does not hold, each in a few words; empty where all does. Believes nobody but the given keys. */
  public List<String> faults(TrustedKeys trusted) {
    List<String> faults = new ArrayList<>();
    votes.forEach(vote -> vote.problem(trusted).ifPresent(problem -> faults.add("the vote: " + problem)));
    for (SignedPart part : List.of(decision, grant, outcome)) {
      part.problem(trusted).ifPresent(problem -> faults.add("the " + part.name().word() + ": " + problem));
    }
    String digest = grant.words("digest");
    check(faults, Digests.of(arguments).equals(digest), "the arguments are not those that were granted");
    check(faults, decision.runs().equals(digest), "what was granted is not what was approved");
    check(faults, decision.flag("closes") && APPROVING.contains(decision.words("outcome")),
        "the decision is " + decision.words("outcome") + ", no approval");
    check(faults, decision.agrees(grant, "decision"), "the grant names another decision");
    check(faults, decision.agrees(grant, "approval"), "the grant names another approval");
    List<SignedPart> others = new ArrayList<>(votes);
    others.add(grant);
    others.add(outcome);
    for (SignedPart part : others) {
      check(faults, part.agrees(decision, "run") && part.agrees(decision, "call"), "its parts are of different calls");
    }
    for (SignedPart vote : votes) {
      check(faults, vote.agrees(decision, "approval") && vote.runs().equals(digest), "a vote is about something else");
    }
    check(faults, wasChecked(decision), "what it would do was not checked against what was shown");
    for (SignedPart vote : votes) {
      check(faults, wasChecked(vote) || !vote.statement().containsKey("preview"), "a vote was shown something else");
    }
    check(faults, grant.agrees(outcome, "attempt") && grant.agrees(outcome, "tool"),
        "the outcome is of another attempt");
    check(faults, decision.at() <= grant.at() && grant.at() <= outcome.at(), "its times are not in order");
    return faults;
  }

  /** Whether the grant was checked against what was shown. An edit is of arguments that nothing was shown of. */
  private boolean wasChecked(SignedPart decided) {
    Object shown = decided.words("editedDigest").isEmpty() ? decided.statement().get("preview") : null;
    return Objects.equals(grant.statement().get("preview"), shown);
  }

  private static void check(List<String> faults, boolean holds, String otherwise) {
    if (!holds) {
      faults.add(otherwise);
    }
  }
}
