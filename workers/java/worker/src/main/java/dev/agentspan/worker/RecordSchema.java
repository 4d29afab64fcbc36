package dev.agentspan.worker;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyDescription;
import dev.agentspan.AgentspanException;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The JSON Schema of a record: its components are the members, all required but those of type Optional. */
final class RecordSchema {
  private static final Map<String, Object> ANYTHING = Map.of();

  private final String owner;
  private final Set<Class<?>> inside = new HashSet<>();

  private RecordSchema(String owner) {
    this.owner = owner;
  }

  /** Throws AgentspanException INVALID_REQUEST where the type is no record, or has what JSON Schema cannot tell. */
  static Map<String, Object> of(String owner, Class<?> type) {
    RecordSchema schema = new RecordSchema(owner);
    if (!type.isRecord()) {
      throw schema.unusable("Its input is a " + type.getName() + " and no record");
    }
    return schema.record(type);
  }

  private Map<String, Object> record(Class<?> type) {
    if (!inside.add(type)) {
      throw unusable("The record " + type.getName() + " has itself inside");
    }
    Map<String, Object> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      // Annotations of a component that is not their target stand on its field and its accessor.
      JsonProperty named = component.getAccessor().getAnnotation(JsonProperty.class);
      String name = named == null || named.value().isEmpty() ? component.getName() : named.value();
      JsonPropertyDescription said = component.getAccessor().getAnnotation(JsonPropertyDescription.class);
      Type given = optional(component.getGenericType());
      Map<String, Object> member = new LinkedHashMap<>(schema(given == null ? component.getGenericType() : given));
      if (said != null) {
        member.put("description", said.value());
      }
      properties.put(name, member);
      if (given == null) {
        required.add(name);
      }
    }
    inside.remove(type);
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", properties);
    if (!required.isEmpty()) {
      schema.put("required", required);
    }
    // A person would approve a key that the function does not know, and the function never see it.
    schema.put("additionalProperties", false);
    return schema;
  }

  /** What stands in an Optional; null where the type is none. */
  private static Type optional(Type type) {
    if (type == OptionalInt.class || type == OptionalLong.class) {
      return Long.class;
    }
    if (type == OptionalDouble.class) {
      return Double.class;
    }
    boolean isOptional = type instanceof ParameterizedType generic && generic.getRawType() == Optional.class;
    return isOptional ? ((ParameterizedType) type).getActualTypeArguments()[0] : null;
  }

  private Map<String, Object> schema(Type type) {
    if (type instanceof ParameterizedType generic && generic.getRawType() instanceof Class<?> raw) {
      Type[] arguments = generic.getActualTypeArguments();
      if (Collection.class.isAssignableFrom(raw)) {
        return listOf(arguments[0], Set.class.isAssignableFrom(raw));
      }
      if (Map.class.isAssignableFrom(raw) && arguments[0] == String.class) {
        return SimpleTypes.ordered("type", "object", "additionalProperties", schema(arguments[1]));
      }
    } else if (type instanceof GenericArrayType array) {
      return listOf(array.getGenericComponentType(), false);
    } else if (type instanceof Class<?> single) {
      return single(single);
    }
    throw unusable("The type " + type.getTypeName() + " is none that can be told");
  }

  private Map<String, Object> single(Class<?> type) {
    if (type == Object.class || type == JsonNode.class) {
      return ANYTHING;
    }
    if (type.isRecord()) {
      return record(type);
    }
    if (type.isEnum()) {
      return SimpleTypes.ordered("type", "string", "enum", constants(type));
    }
    Map<String, Object> simple = SimpleTypes.schema(type);
    if (simple != null) {
      return simple;
    }
    if (type.isArray()) {
      return listOf(type.getComponentType(), false);
    }
    throw unusable("The type " + type.getName() + " is none that can be told");
  }

  private Map<String, Object> listOf(Type member, boolean isSet) {
    Map<String, Object> list = SimpleTypes.ordered("type", "array", "items", schema(member));
    if (isSet) {
      list.put("uniqueItems", true);
    }
    return list;
  }

  private static List<String> constants(Class<?> type) {
    return Arrays.stream(type.getFields()).filter(Field::isEnumConstant).map(RecordSchema::constant).toList();
  }

  private static String constant(Field field) {
    JsonProperty named = field.getAnnotation(JsonProperty.class);
    return named == null || named.value().isEmpty() ? field.getName() : named.value();
  }

  private AgentspanException unusable(String problem) {
    return InputSchema.unusable(owner, problem + ". Write its JSON Schema with inputSchema(…).");
  }
}
