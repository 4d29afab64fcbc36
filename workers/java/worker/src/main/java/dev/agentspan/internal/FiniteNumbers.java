package dev.agentspan.internal;

import tools.jackson.core.JsonGenerator;
import tools.jackson.core.exc.StreamWriteException;
import tools.jackson.core.util.JsonGeneratorDelegate;

/** Writes null for a number that JSON does not have, or refuses it. */
final class FiniteNumbers extends JsonGeneratorDelegate {
  private final boolean refuses;

  FiniteNumbers(JsonGenerator generator, boolean refuses) {
    super(generator, false);
    this.refuses = refuses;
  }

  @Override
  public JsonGenerator writeNumber(double value) {
    return Double.isFinite(value) ? super.writeNumber(value) : none(Double.toString(value));
  }

  @Override
  public JsonGenerator writeNumber(float value) {
    return Float.isFinite(value) ? super.writeNumber(value) : none(Float.toString(value));
  }

  @Override
  public JsonGenerator writeArray(double[] values, int offset, int length) {
    writeStartArray(values, length);
    for (int i = offset; i < offset + length; i++) {
      writeNumber(values[i]);
    }
    return writeEndArray();
  }

  private JsonGenerator none(String number) {
    if (refuses) {
      throw new StreamWriteException(this, number + " is a number that JSON does not have");
    }
    return writeNull();
  }
}
