// SPDX-License-Identifier: MIT
//
// tokio_cost WORKLOAD COUNT: tokio, on its runtime of one thread.
use std::future::Future;
use std::io::{Read, Write};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MESSAGE: usize = 64;
const BURST: u64 = 1000;
const READY: u64 = 64; // handlers at a time, see programs/workloads.hpp

async fn ready<F: Future<Output = ()> + Send + 'static>(chain: fn(u64) -> F, count: u64) {
    let all: Vec<_> = (0..READY).map(|_| tokio::spawn(chain(count / READY))).collect();
    for one in all {
        one.await.unwrap();
    }
}

/// A task spawns the next one, the nearest to a post.
async fn chain(count: u64) {
    for _ in 0..count {
        tokio::spawn(async {}).await.unwrap();
    }
}

async fn burst(count: u64) {
    for _ in 0..count.div_ceil(BURST) {
        let all: Vec<_> = (0..BURST).map(|_| tokio::spawn(async {})).collect();
        for one in all {
            one.await.unwrap();
        }
    }
}

async fn expire(count: u64) {
    for _ in 0..count {
        tokio::time::sleep(Duration::ZERO).await;
    }
}

async fn resume(count: u64) {
    for _ in 0..count {
        tokio::task::yield_now().await;
    }
}

async fn echo(count: u64) {
    let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    let client = std::thread::spawn(move || {
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        socket.set_nodelay(true).unwrap();
        let mut message = [0; MESSAGE];
        for _ in 0..count {
            socket.write_all(&message).unwrap();
            socket.read_exact(&mut message).unwrap();
        }
    });
    let (mut peer, _) = server.accept().await.unwrap();
    peer.set_nodelay(true).unwrap();
    let mut message = [0; MESSAGE];
    loop {
        match peer.read(&mut message).await {
            Ok(0) | Err(_) => break,
            Ok(size) => peer.write_all(&message[..size]).await.unwrap(),
        }
    }
    client.join().unwrap();
}

async fn run(workload: &str, count: u64) {
    match workload {
        "post_chain" => ready(chain, count).await,
        "turn" => chain(count).await,
        "burst" => burst(count).await,
        "timers" => ready(expire, count).await,
        "yield" => ready(resume, count).await,
        "echo" => echo(count).await,
        _ => panic!("no such workload: {workload}"),
    }
}

async fn measure(workload: String, count: u64) {
    run(&workload, count / 10 + 1).await;
    let began = Instant::now();
    run(&workload, count).await;
    let took = began.elapsed().as_nanos() as f64;
    println!("{{\"ns\": {:.3}}}", took / count as f64);
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let count = arguments[2].parse().unwrap();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        // In a task: what block_on itself polls goes through the reactor each time.
        .block_on(async move { tokio::spawn(measure(arguments[1].clone(), count)).await.unwrap() });
}
