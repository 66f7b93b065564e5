// The least that a durable order can cost on this machine, for the order rows: one thread that
// waits for a price, makes one write durable, and writes the order to a connection that is open
// already and has carried nothing. It decides nothing and checks nothing.
//
//   bench_relay PORT FILE
//
// FILE is what it writes to and flushes: 4 KiB within what the file has already, so that the
// file system has nothing to write but the bytes.
#include <arpa/inet.h>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t record_bytes = 4096;
constexpr off_t file_records = 256;
constexpr std::size_t packet_bytes = 184;
constexpr int binary = 2;  // kinds of WebSocket frames
constexpr int ping = 9;

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

int connect_to(std::uint16_t port) {
  const int connection = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(connection, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    give_up("connect");
  }
  const int on = 1;
  ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return connection;
}

// A server that waited for too long closes what carries nothing.
bool is_open(int connection) {
  pollfd state{connection, POLLIN | POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 0;
}

void write_all(int to, const std::string& bytes) {
  if (::write(to, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
    give_up("write");
  }
}

std::string read_exactly(int from, std::size_t count) {
  std::string out(count, '\0');
  if (count != 0 && ::recv(from, out.data(), count, MSG_WAITALL) != static_cast<ssize_t>(count)) {
    std::exit(0);  // the broker has gone
  }
  return out;
}

std::string read_head(int from) {
  std::string out;
  while (!out.ends_with("\r\n\r\n")) out += read_exactly(from, 1);
  return out;
}

// Masked with zeros, as a client's frame has to be masked with something.
void answer_ping(int ticker, const std::string& payload) {
  write_all(ticker, std::string("\x8a") + static_cast<char>(0x80 | payload.size()) +
                        std::string(4, '\0') + payload);
}

// A server's frame, which is never masked; empty for what is no price.
std::string read_packet(int ticker) {
  const auto head = read_exactly(ticker, 2);
  std::size_t size = static_cast<unsigned char>(head[1]);
  if (size == 126) {
    const auto more = read_exactly(ticker, 2);
    size = static_cast<std::size_t>(static_cast<unsigned char>(more[0]) << 8 |
                                    static_cast<unsigned char>(more[1]));
  }
  auto payload = read_exactly(ticker, size);
  const int kind = head[0] & 0x0f;
  if (kind == ping) answer_ping(ticker, payload);
  return kind == binary && size == packet_bytes + 4 ? payload.substr(4) : std::string();
}

std::uint32_t u32_at(const std::string& bytes, std::size_t at) {
  std::uint32_t out = 0;
  for (std::size_t i = at; i < at + 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[i]);
  return out;
}

// The bytes of the engine's own order.
std::string order_for(std::uint32_t token, std::uint16_t port) {
  const auto number = std::to_string(token / 256);
  const auto body = "exchange=NSE&tradingsymbol=BENCH" + number +
                    "&transaction_type=SELL&order_type=LIMIT&quantity=10&product=CNC&validity=DAY"
                    "&price=99.00&tag=T0000000000000000000";
  return "POST /orders/regular HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
         "\r\nX-Kite-Version: 3\r\nAccept-Encoding: identity\r\nAuthorization: token relay:bench"
         "\r\nContent-Type: application/x-www-form-urlencoded\r\nConnection: close"
         "\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

int open_ticker(std::uint16_t port) {
  const int ticker = connect_to(port);
  write_all(ticker,
            "GET /?api_key=relay&access_token=bench HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  read_head(ticker);
  return ticker;
}

int open_file(const char* path) {
  const int file = ::open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) give_up(path);
  const std::string record(record_bytes, '\0');
  for (off_t i = 0; i < file_records; ++i) write_all(file, record);
  ::fsync(file);
  return file;
}

void relay(std::uint16_t port, const char* path) {
  const int file = open_file(path);
  const int ticker = open_ticker(port);
  std::string record(record_bytes, 'x');
  for (off_t turn = 0;; ++turn) {
    int connection = connect_to(port);
    std::string packet;
    while (packet.empty()) packet = read_packet(ticker);
    record.replace(0, packet.size(), packet);
    const auto at = turn % file_records * static_cast<off_t>(record_bytes);
    if (::pwrite(file, record.data(), record.size(), at) < 0 || ::fdatasync(file) != 0) {
      give_up(path);
    }
    if (!is_open(connection)) {
      ::close(connection);
      connection = connect_to(port);
    }
    write_all(connection, order_for(u32_at(packet, 0), port));
    read_head(connection);
    ::close(connection);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  relay(static_cast<std::uint16_t>(std::atoi(argv[1])), argv[2]);
}
