package dev.cairn.repository;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Published test vectors, through our own code.
final class VectorsTest {
  private static ByteBuffer hex(String digits) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(digits.replace(" ", "")));
  }

  /// NIST CAVP, SHA256ShortMsg.rsp: lengths of 0 to 64 bits.
  @ParameterizedTest
  @CsvSource({
    "'', e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d3, 28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1",
    "11af, 5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98",
    "b4190e, dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2",
    "74ba2521, b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e",
    "c299209682, f0887fe961c9cd3beab957e8222494abb969b1ce4c6557976df8b0f6d20e9166",
    "e1dc724d5621, eca0a060b489636225b4fa64d267dabbe44273067ac679f20820bddc6b6a90ac",
    "06e076f5a442d5, 3fd877e27450e6bbd5d74bb82f9870c64c66e109418baa8e6bbcff355e287926",
    "5738c929c4f4ccb6, 963bb88f27f512777aab6c8b1a02c70ec0ad651d428f870036e1917120fb48bf",
  })
  void sha256_is_that_of_nist_for_short_messages(String message, String hash) {
    assertThat(Sha256.of(hex(message))).hasToString(hash);
  }

  /// The examples that NIST publishes with FIPS 180-4: one block, two blocks, and the long ones.
  @ParameterizedTest
  @CsvSource({
    "abc, ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq, "
        + "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
        + "lmnopqrsmnopqrstnopqrstu, "
        + "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
  })
  void sha256_is_that_of_the_standard(String text, String hash) {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    assertThat(Sha256.of(bytes)).hasToString(hash);
    assertThat(Sha256.parse(hash)).hasValue(Sha256.of(bytes));
  }

  @Test
  void sha256_of_a_million_a_is_that_of_the_standard() {
    var direct = ByteBuffer.allocateDirect(1_000_000);
    while (direct.hasRemaining()) {
      direct.put((byte) 'a');
    }
    assertThat(Sha256.of(direct.flip()))
        .hasToString("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }

  /// RFC 7143, appendix A.4. It lists the bytes as they are sent, the lowest first.
  @ParameterizedTest
  @CsvSource({
    "0000000000000000000000000000000000000000000000000000000000000000, aa36918a",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff, 43aba862",
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f, 4e79dd46",
    "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100, 5cdb3f11",
    "01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018"
        + " 28000000 00000000 02000000 00000000, 563a96d9",
  })
  void crc32c_is_that_of_the_rfc(String bytes, String crc) {
    assertThat(Integer.reverseBytes(Pack.crc32c(hex(bytes)))).isEqualTo(hex(crc).getInt());
  }
}
