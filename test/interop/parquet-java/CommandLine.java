import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ToolRunner;
import org.apache.log4j.PropertyConfigurator;
import org.apache.parquet.cli.Main;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs parquet-java's own command line for each line of stdin, which has its arguments, divided by tabs; one process
 * for all, for each would start for a second. `rows <file>` is a command of ours, which reads by way of no Avro: JSON
 * of the types, then of each row; doubles as text, text and bytes in hex. After what was printed comes the exit code.
 */
public class CommandLine {
  static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] none) throws Exception {
    PropertyConfigurator.configure(Main.class.getResource("/cli-logging.properties"));
    var made = Main.class.getDeclaredConstructor(Logger.class);
    made.setAccessible(true);
    var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line; (line = lines.readLine()) != null; ) {
      var words = line.split("\t");
      int code = 0;
      if (words[0].equals("rows")) printRows(words[1]);
      else code = ToolRunner.run(new Configuration(), made.newInstance(LoggerFactory.getLogger(Main.class)), words);
      System.out.println("exit " + code);
      System.out.flush();
    }
  }

  static void printRows(String file) throws Exception {
    try (var reader = ParquetReader.builder(new GroupReadSupport(), new Path(file)).build()) {
      var first = true;
      for (Group row; (row = reader.read()) != null; first = false) {
        var types = new LinkedHashMap<String, String>();
        var cells = new LinkedHashMap<String, Object>();
        for (Type field : row.getType().getFields()) {
          types.put(field.getName(), type(field));
          cells.put(field.getName(), cell(row, field));
        }
        if (first) System.out.println(json.writeValueAsString(types));
        System.out.println(json.writeValueAsString(cells));
      }
    }
  }

  static String type(Type field) {
    if (!field.isPrimitive()) return "list<" + type(element(field)) + ">";
    var said = field.getLogicalTypeAnnotation();
    return switch (field.asPrimitiveType().getPrimitiveTypeName()) {
      case DOUBLE -> "float64";
      case INT64 -> said == null ? "int64" : said.equals(microseconds) ? "timestamp" : said.toString();
      case BINARY -> said == null ? "binary" : said.equals(text) ? "string" : said.toString();
      default -> field.asPrimitiveType().getPrimitiveTypeName().toString().toLowerCase();
    };
  }

  static final LogicalTypeAnnotation text = LogicalTypeAnnotation.stringType();
  static final LogicalTypeAnnotation microseconds =
      LogicalTypeAnnotation.timestampType(true, LogicalTypeAnnotation.TimeUnit.MICROS);

  static Type element(Type list) {
    return list.asGroupType().getType("list").asGroupType().getType("element");
  }

  static Object cell(Group row, Type field) {
    var name = field.getName();
    if (row.getFieldRepetitionCount(name) == 0) return null;
    if (!field.isPrimitive()) {
      var list = row.getGroup(name, 0);
      var cells = new ArrayList<Object>();
      for (int at = 0; at < list.getFieldRepetitionCount("list"); at++)
        cells.add(cell(list.getGroup("list", at), element(field)));
      return cells;
    }
    return switch (field.asPrimitiveType().getPrimitiveTypeName()) {
      case DOUBLE -> Double.toString(row.getDouble(name, 0));
      case INT64 -> row.getLong(name, 0);
      case INT32 -> row.getInteger(name, 0);
      case BOOLEAN -> row.getBoolean(name, 0);
      default -> HexFormat.of().formatHex(row.getBinary(name, 0).getBytes());
    };
  }
}
